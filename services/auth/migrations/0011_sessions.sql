-- A session is a family of refresh tokens. The token of generation n is HMAC(secret, n): nothing that could be used is
-- stored in the clear, and whoever holds the row's lock can make the successor again for a client that lost the answer.
create table sessions (
    id bigint not null default next_id('sessions'),
    account_id bigint not null,
    -- Sealed with the key-encryption key.
    secret bytea not null,
    generation int not null default 0,
    rotated_at timestamptz not null default clock_timestamp(),
    created_at timestamptz not null default clock_timestamp(),
    -- Rotation never moves it: a session has an absolute end.
    expires_at timestamptz not null default clock_timestamp() + interval '30 days',
    ended_at timestamptz,
    constraint sessions_pkey primary key (id),
    constraint sessions_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index sessions_account_id on sessions (account_id);
create index sessions_expires_at on sessions (expires_at);
