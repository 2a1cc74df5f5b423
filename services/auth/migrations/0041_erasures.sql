-- An account whose owner leaves: nobody sees it any more, and it is erased when the time to think better of it is over.
alter table accounts
    drop constraint accounts_state_check,
    add constraint accounts_state_check check (state in ('Pending', 'Active', 'Suspended', 'Leaving'));

-- Who leaves, and who has left: once the account is erased this is all that is left of it, and there is nothing of a person
-- in it.
create table erasures (
    account_id bigint not null,
    asked_at timestamptz not null default clock_timestamp(),
    erase_at timestamptz not null,
    erased_at timestamptz,
    -- The services that have nothing of it any more.
    forgotten_by text[] not null default '{}',
    -- When the last of them said so.
    forgotten_at timestamptz,
    constraint erasures_pkey primary key (account_id),
    constraint erasures_forgotten_by_check check (forgotten_by = '{}' or erased_at is not null)
);

create index erasures_erase_at on erasures (erase_at) where erased_at is null;
create index erasures_unforgotten on erasures (erased_at) where erased_at is not null and forgotten_at is null;
