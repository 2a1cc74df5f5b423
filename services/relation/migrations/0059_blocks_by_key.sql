-- See 0054_follows_by_key.sql.
alter table blocks alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
analyze blocks;
