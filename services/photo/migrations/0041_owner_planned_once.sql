-- Must everything of this owner be kept from everybody? Planned once in each connection (see 0040_planned_once.sql).
create or replace function owner_is_hidden(of_owner text) returns boolean
language plpgsql stable parallel safe as $$
begin
    return is_hidden(substr(of_owner, length('account:') + 1)::bigint);
end
$$;
