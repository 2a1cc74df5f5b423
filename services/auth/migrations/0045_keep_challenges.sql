-- Somebody who leaves has proved who they are, and is asked whether they stay: good once, for five minutes.
create table keep_challenges (
    token_hash bytea not null,
    account_id bigint not null,
    -- Of the stored password: once that is another one, this proves nothing.
    password_proof bytea not null,
    -- What was shown besides the password, or in its place.
    second_factor text,
    expires_at timestamptz not null default clock_timestamp() + interval '5 minutes',
    constraint keep_challenges_pkey primary key (token_hash),
    constraint keep_challenges_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index keep_challenges_account_id on keep_challenges (account_id);
create index keep_challenges_expires_at on keep_challenges (expires_at);
