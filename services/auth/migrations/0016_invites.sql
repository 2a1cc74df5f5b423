-- Invites: whoever has the code may sign up. Only its hash is here.
create table invites (
    id bigint not null default next_id('invites'),
    code_hash bytea not null,
    made_by bigint not null,
    uses int not null default 0,
    most_uses int not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    constraint invites_pkey primary key (id),
    constraint invites_code_hash_key unique (code_hash),
    constraint invites_made_by_fkey foreign key (made_by) references accounts (id) on delete cascade,
    constraint invites_uses_check check (uses between 0 and most_uses)
);

create index invites_made_by on invites (made_by, id);
create index invites_expires_at on invites (expires_at);
