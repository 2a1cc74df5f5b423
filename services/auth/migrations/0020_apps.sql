-- Apps that registered themselves (RFC 7591).
create table apps (
    client_id text not null,
    name text not null,
    website text,
    redirect_uris text[] not null,
    -- The most it may ask for, separated by spaces.
    scope text not null,
    grant_types text[] not null,
    auth_method text not null,
    -- SHA-256. The secret has 256 random bits, so that there is nothing to guess.
    secret_hash bytea,
    created_at timestamptz not null default clock_timestamp(),
    -- When it first got anything; one that never did is deleted in the end.
    used_at timestamptz,
    constraint apps_pkey primary key (client_id),
    constraint apps_auth_method_check check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
    constraint apps_secret_hash_check check ((auth_method = 'none') = (secret_hash is null))
);

create index apps_unused on apps (created_at) where used_at is null;

-- What somebody has allowed an app. Without it, the app gets nothing new.
create table consents (
    id bigint not null default next_id('consents'),
    account_id bigint not null,
    client_id text not null,
    scope text not null,
    granted_at timestamptz not null default clock_timestamp(),
    constraint consents_pkey primary key (account_id, client_id),
    constraint consents_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint consents_client_id_fkey foreign key (client_id) references apps (client_id)
);

create index consents_client_id on consents (client_id);

-- A session that an app has of somebody; without a client, it is one of the platform's own.
alter table sessions
    add column client_id text,
    add column scope text not null default '',
    add constraint sessions_client_id_fkey foreign key (client_id) references apps (client_id),
    add constraint sessions_scope_check check ((client_id is null) = (scope = ''));

create index sessions_client_id on sessions (client_id) where client_id is not null;

-- Authorization codes: good once, for a minute.
create table codes (
    -- SHA-256.
    hash bytea not null,
    client_id text not null,
    account_id bigint not null,
    -- The sign-in in which it was granted: ending that ends what was not fetched yet.
    granted_in bigint not null,
    redirect_uri text not null,
    scope text not null,
    -- Of PKCE, S256.
    challenge text not null,
    nonce text,
    -- What it gave. Used again, that is taken away.
    session_id bigint,
    expires_at timestamptz not null default clock_timestamp() + interval '60 seconds',
    constraint codes_pkey primary key (hash),
    constraint codes_client_id_fkey foreign key (client_id) references apps (client_id),
    constraint codes_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint codes_granted_in_fkey foreign key (granted_in) references sessions (id) on delete cascade,
    constraint codes_session_id_fkey foreign key (session_id) references sessions (id) on delete cascade
);

create index codes_account_id on codes (account_id);
create index codes_client_id on codes (client_id);
create index codes_granted_in on codes (granted_in);
create index codes_session_id on codes (session_id);
create index codes_expires_at on codes (expires_at);
