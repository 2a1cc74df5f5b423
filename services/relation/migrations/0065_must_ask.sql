-- The lock that orders what somebody says of who must ask to follow them, and follows of them. It comes after the locks of accounts and
-- before rows of `people`.
create function approval_lock(of_account bigint) returns bigint
language sql stable as $$
    select hashtextextended(format('%s.approval:%s', current_schema(), of_account), 0)
$$;

-- Must one ask to follow the account? To be asked in the transaction that follows, or asks: until that ends, the account says nothing
-- else. So once they were answered that whoever follows them must ask, nobody follows them without. Each statement of it sees what was
-- committed when it began, so what the lock's last holder did is seen.
create function must_ask(of_account bigint) returns boolean
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(approval_lock(of_account));
    return coalesce((select approves_followers from people where id = of_account), false);
end
$$;
