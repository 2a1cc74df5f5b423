-- Who follows whom. The id is the order of the lists.
create table follows (
    id bigint not null default next_id('follows'),
    actor bigint not null,
    target bigint not null,
    constraint follows_pkey primary key (actor, target),
    constraint follows_not_oneself check (actor <> target)
);

create unique index follows_of_target on follows (target, id desc) include (actor);
create unique index follows_of_actor on follows (actor, id desc) include (target);

create table blocks (
    actor bigint not null,
    target bigint not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint blocks_pkey primary key (actor, target),
    constraint blocks_not_oneself check (actor <> target)
);

create index blocks_of_target on blocks (target);
