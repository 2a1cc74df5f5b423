-- Who follows whom. The id is the order of the lists.
-- A follow of somebody who blocks its actor is withheld: its actor sees it as any other, and nobody else hears of it.
-- Otherwise a block could be told from nothing. It is gone when the block is.
create table follows (
    id bigint not null default next_id('follows'),
    actor bigint not null,
    target bigint not null,
    withheld boolean not null default false,
    constraint follows_pkey primary key (actor, target),
    constraint follows_not_oneself check (actor <> target)
);

create unique index follows_of_target on follows (target, id desc) include (actor, withheld);
create unique index follows_of_actor on follows (actor, id desc) include (target, withheld);
create index follows_withheld on follows (actor) where withheld;

-- Who has asked to follow somebody who approves their followers.
create table follow_requests (
    id bigint not null default next_id('follow_requests'),
    actor bigint not null,
    target bigint not null,
    withheld boolean not null,
    constraint follow_requests_pkey primary key (actor, target),
    constraint follow_requests_not_oneself check (actor <> target)
);

create unique index follow_requests_of_target on follow_requests (target, id desc) include (actor, withheld);
create unique index follow_requests_of_actor on follow_requests (actor, id desc) include (target, withheld);

create table blocks (
    id bigint not null default next_id('blocks'),
    actor bigint not null,
    target bigint not null,
    constraint blocks_pkey primary key (actor, target),
    constraint blocks_not_oneself check (actor <> target)
);

create unique index blocks_of_actor on blocks (actor, id desc) include (target);
create index blocks_of_target on blocks (target) include (actor);

-- Whom somebody blocks and who blocks them. A visitor (null) is severed from nobody.
create function severed_from(viewer bigint) returns table (account bigint)
language sql stable parallel safe as $$
    select target from blocks where actor = viewer
    union
    select actor from blocks where target = viewer
$$;
