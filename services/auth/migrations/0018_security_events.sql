-- What happened that matters to security, kept for half a year. An account is there under its pseudonym, which nothing
-- leads back to once the account is erased.
create table security_events (
    id bigint not null default next_id('security_events'),
    kind text not null,
    -- Nobody's, where the name that was tried is no account's.
    account text,
    -- The network that it came from, such as 192.0.2.0/24; nothing where it came from the platform itself.
    source text,
    -- Ids and pseudonyms, never secrets and never text of people.
    details jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    constraint security_events_pkey primary key (id)
);

create index security_events_account on security_events (account, id);
create index security_events_created_at on security_events (created_at);
