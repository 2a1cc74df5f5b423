-- Who an account is to the platform: what it may, whether it may sign in, and where mail reaches it.
alter table accounts
    -- `Admin`, or nothing.
    add column roles text[] not null default '{}',
    -- `Pending` waits for an administrator; `Suspended` was put out by one.
    add column state text not null default 'Active',
    add column suspended_reason text,
    -- Always one that was proved to be theirs; where a link goes before that is the link's.
    add column email text,
    -- Stands for the account in the log of security events, and goes with the row.
    add column pseudonym text not null default replace(gen_random_uuid()::text, '-', ''),
    add constraint accounts_roles_check check (roles <@ array['Admin']),
    add constraint accounts_state_check check (state in ('Pending', 'Active', 'Suspended')),
    add constraint accounts_suspended_reason_check check ((state = 'Suspended') = (suspended_reason is not null));

create unique index accounts_email_key on accounts (lower(email));
create index accounts_state on accounts (state, id) where state <> 'Active';

-- The hash of each FIRST_ADMIN_TOKEN that was used: each works once.
create table admin_claims (
    token_hash bytea not null,
    claimed_at timestamptz not null default clock_timestamp(),
    constraint admin_claims_pkey primary key (token_hash)
);
