-- See 0054_follows_by_key.sql.
create unique index mutes_by_pair on mutes (actor, target) include (notifications, until);
alter table mutes alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
analyze mutes;
