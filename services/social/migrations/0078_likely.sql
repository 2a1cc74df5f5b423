-- Who and what is found by a beginning, or is like what was typed: of each way to be found, 200 at the most, however many there are.
-- The functions say to the planner which way to go: it knows nothing of what will be typed, takes it for rare, and would read all
-- that fits before it cuts. Their indexes are built by 0088_handle_begins.sql and those after it, each in a transaction of its own: nobody
-- writes profiles or tags while one of them is built.

-- Those whose handle or name begins so, in the order of the alphabet, so that who is called exactly so is among them. No
-- character comes after U+10FFFF.
create function people_beginning(typed text) returns setof bigint
language plpgsql stable rows 400
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
begin
    if typed = '' then
        return;
    end if;
    return query
        select p.id from profiles p
        where p.discoverable and p.handle ~>=~ typed and p.handle ~<~ (typed || chr(1114111))
        order by p.handle using ~<~ limit 200;
    return query
        select p.id from profiles p
        where p.discoverable
            and left(btrim(plain(p.display_name)), 50) ~>=~ left(typed, 50)
            and left(btrim(plain(p.display_name)), 50) ~<~ (left(typed, 50) || chr(1114111))
        order by left(btrim(plain(p.display_name)), 50) using ~<~ limit 200;
end
$$;

-- Those one of whose names begins so, and those whose handle or name is like it. With fewer than three letters, half of all would be;
-- and where as many as are wanted begin so, these would come behind them.
create function people_like(typed text, begun bigint) returns setof bigint
language plpgsql stable rows 600
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
begin
    if length(typed) < 3 or begun >= 200 then
        return;
    end if;
    return query
        select p.id from profiles p where p.discoverable and plain(p.display_name) like '% ' || as_pattern(typed) || '%' limit 200;
    return query select p.id from profiles p where p.discoverable and p.handle % typed limit 200;
    return query select p.id from profiles p where p.discoverable and typed <% plain(p.display_name) limit 200;
end
$$;

create function tags_beginning(typed text) returns setof text
language plpgsql stable rows 200
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
begin
    return query
        select t.tag from tags t where t.tag ~>=~ typed and t.tag ~<~ (typed || chr(1114111)) order by t.tag using ~<~ limit 200;
end
$$;

create function tags_like(typed text, begun bigint) returns setof text
language plpgsql stable rows 200
set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
begin
    if length(typed) >= 3 and begun < 200 then
        return query select t.tag from tags t where t.tag % typed limit 200;
    end if;
end
$$;
