-- Copies of all that is somebody's. Nothing is kept of one but that it was asked for: it is gathered while it is downloaded.
create table exports (
    id bigint not null default next_id('exports'),
    account_id bigint not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null default clock_timestamp() + interval '24 hours',
    -- When a download of it last ended as it should.
    fetched_at timestamptz,
    -- While it is downloaded, a little in the future; a download that dies gives it back by itself.
    busy_until timestamptz,
    constraint exports_pkey primary key (id),
    constraint exports_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index exports_account_id on exports (account_id, id);
create index exports_expires_at on exports (expires_at);
