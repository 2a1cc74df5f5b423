-- What caused a delivery, so that its traces lead there. Whoever inserts a post writes the row with it; the trigger then finds it there,
-- and makes it only for code that is older than this.
alter table home_deliveries add column traceparent text;

create or replace function deliver_home() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into home_deliveries (post, author) values (new.id, new.author) on conflict (post) do nothing;
    else
        insert into home_deliveries (post, author, again) values (new.id, new.author, true)
        on conflict (post) do update set passed = 0, again = true, traceparent = null;
    end if;
    return null;
end
$$;
