-- The rule of who may see, planned once in each connection (see planned_once.sql); what it says is as before.

-- Must `other` be kept from `one`? They are hidden from everybody, or either of the two blocks the other. A visitor (null) blocks
-- nobody.
create or replace function severed(one bigint, other bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return is_hidden(other)
        or exists (select from relations where blocks and actor = one and target = other)
        or exists (select from relations where blocks and actor = other and target = one);
end
$$;

-- Does the viewer mute the author now? A visitor (null) mutes nobody.
create or replace function muted(viewer bigint, author bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return exists (
        select from relations where mutes and actor = viewer and target = author and (mutes_until is null or mutes_until > now())
    );
end
$$;

-- And does that mute hold for notifications?
create or replace function notifications_muted(viewer bigint, author bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return exists (
        select from relations
        where mutes and mutes_notifications and actor = viewer and target = author and (mutes_until is null or mutes_until > now())
    );
end
$$;

-- The rule of crates/audience/src/lib.rs, in SQL: `viewer` is null for a visitor, who is never mentioned.
create or replace function may_see(viewer bigint, author bigint, visibility text, mentioned boolean) returns boolean
language plpgsql stable parallel safe as $$
begin
    if viewer = author then
        return not is_hidden(author);
    end if;
    if severed(viewer, author) then
        return false;
    end if;
    return case
        when visibility in ('public', 'unlisted') then true
        when visibility = 'followers'
            then exists (select from relations where (follows or friends) and actor = viewer and target = author)
        when visibility = 'friends' then exists (select from relations where friends and actor = viewer and target = author)
        when visibility = 'direct' then viewer is not null and mentioned is true
        else false
    end;
end
$$;
