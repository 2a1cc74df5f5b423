-- See 0054_follows_by_key.sql.
alter table dismissals alter column owner set (n_distinct = -0.01), alter column suggested set (n_distinct = -0.01);
analyze dismissals;
