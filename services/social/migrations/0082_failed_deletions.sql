-- How often a step of it has failed: one that cannot succeed goes behind the others. Deliveries count a turn of theirs instead.
alter table deletions add column failures int not null default 0;

-- The next one is found by its place.
create index deletions_next on deletions (failures, post);
