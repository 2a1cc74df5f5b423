-- Handles that were given up. Nobody else gets one for a while, so that nobody is taken for whoever had it. Only a keyed hash
-- is here: without the key-encryption key nobody can even guess.
create table held_handles (
    handle_hash bytea not null,
    -- Who gave it up, and may have it back; nobody's after an erasure.
    account_id bigint,
    until timestamptz not null default clock_timestamp() + interval '90 days',
    constraint held_handles_pkey primary key (handle_hash),
    constraint held_handles_account_id_fkey foreign key (account_id) references accounts (id) on delete set null
);

create index held_handles_account_id on held_handles (account_id);
create index held_handles_until on held_handles (until);
