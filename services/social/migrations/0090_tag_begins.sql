-- For 0078_likely.sql.
create index tags_begin on tags (tag text_pattern_ops);
