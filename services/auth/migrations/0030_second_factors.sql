-- The secret that somebody's authenticator app shares with us (RFC 6238).
create table totp (
    account_id bigint not null,
    -- Sealed with the key-encryption key.
    secret bytea not null,
    -- No code is asked for until a first one has shown that the app has the secret.
    confirmed_at timestamptz,
    -- Of the newest code that was taken: neither it nor an older one is taken again.
    used_step bigint not null default 0,
    constraint totp_pkey primary key (account_id),
    constraint totp_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

-- For whoever has lost the other factors. Each is good once and deleted then; only its hash is here.
create table recovery_codes (
    account_id bigint not null,
    code_hash bytea not null,
    constraint recovery_codes_pkey primary key (account_id, code_hash),
    constraint recovery_codes_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

-- Somebody gave the right password and has yet to give the second factor: good once, for five minutes and a few tries.
create table sign_in_challenges (
    token_hash bytea not null,
    account_id bigint not null,
    -- Of the stored password: once that is another one, this proves nothing.
    password_proof bytea not null,
    tries int not null default 0,
    expires_at timestamptz not null default clock_timestamp() + interval '5 minutes',
    constraint sign_in_challenges_pkey primary key (token_hash),
    constraint sign_in_challenges_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index sign_in_challenges_account_id on sign_in_challenges (account_id);
create index sign_in_challenges_expires_at on sign_in_challenges (expires_at);
