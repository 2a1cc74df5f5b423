-- What is left of a post that others have answered when its author's account is erased: its place, and nothing that it said. It is
-- unlisted, so no list of posts for everybody has it.
alter table posts add column tombstone boolean not null default false;

-- Tombstones of which more is left than their place: what others made of the post goes a batch at a time.
create table burials (
    post bigint not null,
    author bigint not null,
    -- Comments up to this one have the tombstone's audience.
    passed bigint not null default 0,
    constraint burials_pkey primary key (post),
    constraint burials_post_fkey foreign key (post) references posts (id) on delete cascade
);

create index burials_author on burials (author);

-- An erasure finds what is left of the account.
create index notification_actors_actor on notification_actors (actor);
create index photos_owner on photos (owner);
create index reports_account on reports (account);
create index reports_reporter on reports (reporter);
create index home_deliveries_author on home_deliveries (author);
