-- The rule of who may see, planned once in each connection (see planned_once.sql); what it says is as before. A pair of people is looked
-- up by its key, as a scalar: where `blocks` or `follows` is a condition, a plan for anybody may read all who block one of the two.

-- Must `other` be kept from `one`? They are hidden from everybody, or either of the two blocks the other. A visitor (null) blocks
-- nobody.
create or replace function severed(one bigint, other bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return is_hidden(other)
        or coalesce((select blocks from relations where actor = one and target = other), false)
        or coalesce((select blocks from relations where actor = other and target = one), false);
end
$$;

-- Does the viewer mute the author now? A visitor (null) mutes nobody.
create or replace function muted(viewer bigint, author bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return coalesce((
        select mutes and (mutes_until is null or mutes_until > now()) from relations where actor = viewer and target = author
    ), false);
end
$$;

-- And does that mute hold for notifications?
create or replace function notifications_muted(viewer bigint, author bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return coalesce((
        select mutes and mutes_notifications and (mutes_until is null or mutes_until > now())
        from relations where actor = viewer and target = author
    ), false);
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
            then coalesce((select follows or friends from relations where actor = viewer and target = author), false)
        when visibility = 'friends' then coalesce((select friends from relations where actor = viewer and target = author), false)
        when visibility = 'direct' then viewer is not null and mentioned is true
        else false
    end;
end
$$;
