-- By this an authenticator knows whose passkey it keeps; it tells nobody else anything.
alter table accounts add column passkey_user bytea not null default uuid_send(gen_random_uuid());

-- Passkeys (WebAuthn). There is no secret among this: what proves something stays in the authenticator.
create table passkeys (
    id bigint not null default next_id('passkeys'),
    account_id bigint not null,
    -- What the authenticator calls it.
    credential_id bytea not null,
    -- The public key, and what else never changes.
    public_key bytea not null,
    -- The counter, and what else may change with each use.
    state bytea not null,
    -- How a browser reaches the authenticator.
    transports smallint not null,
    name text not null,
    created_at timestamptz not null default clock_timestamp(),
    used_at timestamptz,
    constraint passkeys_pkey primary key (id),
    constraint passkeys_credential_id_key unique (credential_id),
    constraint passkeys_name_check check (char_length(name) between 1 and 100),
    constraint passkeys_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index passkeys_account_id on passkeys (account_id, id);

-- What an authenticator was asked, until it answers: good once, for five minutes.
create table passkey_challenges (
    challenge_hash bytea not null,
    -- Who registers a passkey; nobody's, where somebody signs in with one.
    account_id bigint,
    -- What the answer is checked against.
    state bytea not null,
    expires_at timestamptz not null default clock_timestamp() + interval '5 minutes',
    constraint passkey_challenges_pkey primary key (challenge_hash),
    constraint passkey_challenges_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index passkey_challenges_account_id on passkey_challenges (account_id);
create index passkey_challenges_expires_at on passkey_challenges (expires_at);
