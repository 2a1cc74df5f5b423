-- A file of its own: who shows what can be read while the index is built, and nothing else waits for it. Not
-- `concurrently`: sqlx holds a second migrator in a statement that PostgreSQL would wait for, and a build that was given
-- up leaves an index that is not valid, and stands in the way of the next one.
create index photo_uses_account_counted on photo_uses (account, counted, photo);
