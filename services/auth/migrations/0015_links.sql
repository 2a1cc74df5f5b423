-- Links in mail that are good once: only a hash of what they end with is here.
create table links (
    token_hash bytea not null,
    purpose text not null,
    account_id bigint not null,
    -- Where the link was sent.
    email text not null,
    expires_at timestamptz not null,
    constraint links_pkey primary key (token_hash),
    constraint links_purpose_check check (purpose in ('PasswordReset', 'EmailVerification')),
    constraint links_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index links_account_id on links (account_id);
create index links_expires_at on links (expires_at);
