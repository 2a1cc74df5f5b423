-- Accounts that nobody sees: suspended, about to leave, or gone for good. Kept by the facts of auth.
create table hidden_accounts (
    account bigint not null,
    -- `hidden` may come back; of `erasing` things are still being deleted; of `erased` nothing is left but this row, so that what
    -- comes late makes nothing anew.
    state text not null default 'hidden',
    -- While it is `erasing`: when to go on. One that waits for something elsewhere holds up no other.
    look_again_at timestamptz not null default now(),
    constraint hidden_accounts_pkey primary key (account),
    constraint hidden_accounts_state_check check (state in ('hidden', 'erasing', 'erased'))
);

-- However many were erased in the past, few are looked at.
create index hidden_accounts_present on hidden_accounts (account) where state <> 'erased';
create index hidden_accounts_erasing on hidden_accounts (look_again_at) where state = 'erasing';

-- Must everything of this account be kept from everybody? Of one that is erased there is nothing to keep. Asked for every row of
-- every list: as a scalar, which is looked up by its key, where of an `exists` the planner may read all who are hidden at once.
create function is_hidden(of_account bigint) returns boolean
language sql stable parallel safe as $$
    select coalesce((select state <> 'erased' from hidden_accounts where account = of_account), false)
$$;

-- The lock that orders hiding or erasing an account, and its own writes.
create function account_lock(of_account bigint) returns bigint
language sql stable as $$
    select hashtextextended(format('%s.account:%s', current_schema(), of_account), 0)
$$;

-- Is the account gone for good? To be asked in the transaction that is to make rows of it: until that ends, no erasure begins.
-- Each statement of it sees what was committed when it began, so what the lock's last holder did is seen.
create function is_gone(of_account bigint) returns boolean
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(account_lock(of_account));
    return exists (select from hidden_accounts where account = of_account and state <> 'hidden');
end
$$;

-- Is it hidden, or gone for good? Likewise, for what it does itself.
create function is_barred(of_account bigint) returns boolean
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(account_lock(of_account));
    return exists (select from hidden_accounts where account = of_account);
end
$$;
