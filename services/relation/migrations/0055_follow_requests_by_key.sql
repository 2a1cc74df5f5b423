-- See 0054_follows_by_key.sql.
create unique index follow_requests_by_pair on follow_requests (actor, target) include (withheld);
alter table follow_requests alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
analyze follow_requests;
