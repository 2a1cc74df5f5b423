-- How often something was tried in vain of late, by what it is counted for: a name, a source, a device. The subject is a
-- keyed hash cut to a million places, so the table has an end whatever is tried, nobody can aim at another's place, and a
-- password typed into the field of the name is not kept. After a crash of the database counting begins anew, which costs
-- nothing, and a sign-in waits for no disk.
create unlogged table attempts (
    kind text not null,
    place int not null,
    count int not null,
    until timestamptz not null,
    constraint attempts_pkey primary key (kind, place)
);

create index attempts_until on attempts (until);

-- Devices on which somebody has signed in before. Only the hash of what the device keeps is here.
create table devices (
    token_hash bytea not null,
    account_id bigint not null,
    used_at timestamptz not null default clock_timestamp(),
    constraint devices_pkey primary key (token_hash),
    constraint devices_account_id_fkey foreign key (account_id) references accounts (id) on delete cascade
);

create index devices_account_id on devices (account_id, used_at);
create index devices_used_at on devices (used_at);
