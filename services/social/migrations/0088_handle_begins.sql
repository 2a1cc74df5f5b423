-- For 0078_likely.sql. Byte by byte, so that a beginning is a range whatever the collation. A file of its own, as each of these: while
-- an index is built, profiles are read and not written, and no longer than that.
create index profiles_handle_begins on profiles (handle text_pattern_ops) where discoverable;
