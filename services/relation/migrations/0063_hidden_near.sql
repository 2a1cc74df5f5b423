-- Whoever is hidden connected people all the same: suggestions counted them, and so told of them.

-- Those nearest to somebody: whom they follow, and their friends, of each so many, the newest.
create function nearest_to(of_person bigint, most bigint) returns table (who bigint, friend boolean, followed boolean)
language sql stable parallel safe as $$
    select nearest.account, bool_or(nearest.is_friend), bool_or(not nearest.is_friend) from (
        (select target as account, false as is_friend from follows
         where actor = of_person and not withheld order by follows.id desc limit most)
        union all
        (select listed.account, true from listed
         where listed.list = 'friends' and listed.owner = of_person order by listed.id desc limit most)
    ) nearest group by nearest.account
$$;

-- Who of those is hidden, as one number, which is another whenever somebody of them is hidden or comes back: suggestions that were
-- made with another number are made anew. Not their ids, so that nothing is left of whoever is erased.
create function hidden_near(of_person bigint, most bigint) returns bigint
language plpgsql stable parallel safe as $$
begin
    return coalesce((
        select bit_xor(hashint8extended(near.who, 0)) from nearest_to(of_person, most) near where is_hidden(near.who)
    ), 0);
end
$$;

-- That number of when the suggestions were made; null for those made before there was one.
alter table people add column suggested_without bigint;
