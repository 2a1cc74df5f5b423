-- This schema's copy of who follows, befriends, blocks and mutes whom, kept by the facts of relation.
create table relations (
    actor bigint not null,
    target bigint not null,
    follows boolean not null,
    blocks boolean not null,
    friends boolean not null default false,
    mutes boolean not null default false,
    -- Null: without an end. Nobody tells when a mute is over, so whoever asks compares with the clock.
    mutes_until timestamptz,
    mutes_notifications boolean not null default false,
    constraint relations_pkey primary key (actor, target),
    constraint relations_not_empty check (follows or blocks or friends or mutes)
);

create index relations_of_target on relations (target) where follows;

-- Does either of two block the other? A visitor (null) blocks nobody.
create function severed(one bigint, other bigint) returns boolean
language sql stable parallel safe as $$
    select exists (select from relations where blocks and actor = one and target = other)
        or exists (select from relations where blocks and actor = other and target = one)
$$;

-- Does the viewer mute the author now? A visitor (null) mutes nobody.
create function muted(viewer bigint, author bigint) returns boolean
language sql stable parallel safe as $$
    select exists (
        select from relations where mutes and actor = viewer and target = author and (mutes_until is null or mutes_until > now())
    )
$$;

-- And does that mute hold for notifications?
create function notifications_muted(viewer bigint, author bigint) returns boolean
language sql stable parallel safe as $$
    select exists (
        select from relations
        where mutes and mutes_notifications and actor = viewer and target = author and (mutes_until is null or mutes_until > now())
    )
$$;

-- The rule of crates/audience/src/lib.rs, in SQL: `viewer` is null for a visitor, who is never mentioned.
create function may_see(viewer bigint, author bigint, visibility text, mentioned boolean) returns boolean
language sql stable parallel safe as $$
    select case
        when viewer = author then true
        when severed(viewer, author) then false
        when visibility in ('public', 'unlisted') then true
        when visibility = 'followers'
            then exists (select from relations where (follows or friends) and actor = viewer and target = author)
        when visibility = 'friends' then exists (select from relations where friends and actor = viewer and target = author)
        when visibility = 'direct' then viewer is not null and mentioned is true
        else false
    end
$$;
