-- Ids: 48 bits of Unix milliseconds, then 16 bits of a keyed hash of table and millisecond plus a sequence. They sort by
-- time, and without the key nobody can tell from two ids how many lie between them. The construction is Mastodon's.
-- The key is drawn here, once per schema, and is written into the function: whoever can ask the catalog can read it, and
-- nobody outside can. An id is never a secret; this only keeps it from telling how much there is.
create sequence ids;

do $make$
begin
    execute format(
        $function$
        create function next_id(of_table text) returns bigint language plpgsql volatile as $body$
        declare
            milliseconds bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
            hash bigint := ('x' || substr(md5(%L || of_table || milliseconds::text), 1, 4))::bit(16)::bigint;
        begin
            return (milliseconds << 16) | ((hash + nextval('ids')) & 65535);
        end
        $body$
        $function$,
        gen_random_uuid()::text
    );
end
$make$;
