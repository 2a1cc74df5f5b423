create table accounts (
    id bigint not null default next_id('accounts'),
    -- Lower case, so that uniqueness ignores case.
    handle text not null,
    -- A PHC string: algorithm, parameters, salt and hash.
    password_hash text not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint accounts_pkey primary key (id),
    constraint accounts_handle_key unique (handle),
    constraint accounts_handle_check check (handle ~ '^[a-z0-9_]{3,30}$')
);
