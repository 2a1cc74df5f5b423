-- A function in SQL is planned anew in each statement that calls it, one in PL/pgSQL once in each connection. What is asked for
-- every row of every list is worth that: pages of ten posts take a tenth of the time.

-- Must everything of this account be kept from everybody? As before.
create or replace function is_hidden(of_account bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return coalesce((select state <> 'erased' from hidden_accounts where account = of_account), false);
end
$$;
