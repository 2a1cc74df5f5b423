-- What clients see of the position of an event: a number that says nothing of how many there are, nor which of two came first, as
-- ids of other things. A Feistel network over two halves of 31 bits; its key is drawn here, once per schema, as that of next_id.
do $make$
begin
    execute format(
        $function$
        create function veil(turn int, half bigint) returns bigint language plpgsql immutable parallel safe as $body$
        begin
            return ('x' || substr(md5(%L || turn || ':' || half), 1, 8))::bit(32)::bigint & 2147483647;
        end
        $body$
        $function$,
        gen_random_uuid()::text
    );
end
$make$;

create function veiled(number bigint) returns bigint
language plpgsql immutable parallel safe as $$
declare
    high bigint := number >> 31;
    low bigint := number & 2147483647;
    kept bigint;
begin
    for turn in 1..4 loop
        kept := low;
        low := high # veil(turn, low);
        high := kept;
    end loop;
    return (high << 31) | low;
end
$$;

-- The position behind such a number. One that nobody was given leads anywhere, which is hardly a position that there was.
create function unveiled(number bigint) returns bigint
language plpgsql immutable parallel safe as $$
declare
    high bigint := number >> 31;
    low bigint := number & 2147483647;
    kept bigint;
begin
    for turn in reverse 4..1 loop
        kept := high;
        high := low # veil(turn, high);
        low := kept;
    end loop;
    return (high << 31) | low;
end
$$;
