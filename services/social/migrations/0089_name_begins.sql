-- For 0078_likely.sql. Names are cut: an index takes no long ones.
create index profiles_name_begins on profiles (left(btrim(plain(display_name)), 50) text_pattern_ops) where discoverable;
