-- This schema's copy of who follows and who blocks whom, kept by the facts of relation.
create table relations (
    actor bigint not null,
    target bigint not null,
    follows boolean not null,
    blocks boolean not null,
    constraint relations_pkey primary key (actor, target),
    constraint relations_not_empty check (follows or blocks)
);

create index relations_of_target on relations (target) where follows;

-- Does either of two block the other? A visitor (null) blocks nobody.
create function severed(one bigint, other bigint) returns boolean
language sql stable parallel safe as $$
    select exists (select from relations where blocks and actor = one and target = other)
        or exists (select from relations where blocks and actor = other and target = one)
$$;

-- The rule of crates/audience/src/lib.rs, in SQL: `viewer` is null for a visitor.
create function may_see(viewer bigint, author bigint, visibility text) returns boolean
language sql stable parallel safe as $$
    select case
        when viewer = author then true
        when severed(viewer, author) then false
        when visibility in ('public', 'unlisted') then true
        when visibility = 'followers' then exists (select from relations where follows and actor = viewer and target = author)
        else false
    end
$$;
