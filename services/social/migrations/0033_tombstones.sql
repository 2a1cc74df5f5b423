-- What is left of a post that others have answered when its author's account is erased: its place, and nothing that it said. It is
-- unlisted, so no list of posts for everybody has it.
alter table posts add column tombstone boolean not null default false;

-- An erasure finds what is left of the account.
create index notification_actors_actor on notification_actors (actor);
create index photos_owner on photos (owner);
create index reports_account on reports (account);
create index reports_reporter on reports (reporter);
create index home_deliveries_author on home_deliveries (author);
