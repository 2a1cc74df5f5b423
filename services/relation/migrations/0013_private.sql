-- What only its author knows: whom they mute, and what they note of somebody.
create table mutes (
    id bigint not null default next_id('mutes'),
    actor bigint not null,
    target bigint not null,
    notifications boolean not null,
    -- Null: without an end. Who asks compares with the clock; what is over is deleted later.
    until timestamptz,
    constraint mutes_pkey primary key (actor, target),
    constraint mutes_not_oneself check (actor <> target)
);

create unique index mutes_of_actor on mutes (actor, id desc) include (target, until);
create index mutes_until on mutes (until) where until is not null;

create table notes (
    author bigint not null,
    target bigint not null,
    text text not null,
    constraint notes_pkey primary key (author, target)
);
