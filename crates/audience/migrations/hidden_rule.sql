-- Must `other` be kept from `one`? They are hidden from everybody, or either of the two blocks the other. A visitor (null) blocks
-- nobody.
create or replace function severed(one bigint, other bigint) returns boolean
language sql stable parallel safe as $$
    select is_hidden(other)
        or exists (select from relations where blocks and actor = one and target = other)
        or exists (select from relations where blocks and actor = other and target = one)
$$;

-- The rule of crates/audience/src/lib.rs, in SQL: `viewer` is null for a visitor, who is never mentioned.
create or replace function may_see(viewer bigint, author bigint, visibility text, mentioned boolean) returns boolean
language sql stable parallel safe as $$
    select case
        when viewer = author then not is_hidden(author)
        when severed(viewer, author) then false
        when visibility in ('public', 'unlisted') then true
        when visibility = 'followers'
            then exists (select from relations where (follows or friends) and actor = viewer and target = author)
        when visibility = 'friends' then exists (select from relations where friends and actor = viewer and target = author)
        when visibility = 'direct' then viewer is not null and mentioned is true
        else false
    end
$$;

-- An erasure finds what is between the account and others from either side.
create index relations_muting on relations (target) where mutes;
create index relations_befriending on relations (target) where friends;
