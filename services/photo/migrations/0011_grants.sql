-- What ended a grant before its time. Rows are kept for as long as a grant may live.

-- Pairs of people of whom one now sees less of the other.
create table severed (
    low bigint not null,
    high bigint not null,
    severed_at timestamptz not null,
    constraint severed_pkey primary key (low, high),
    constraint severed_ordered check (low < high)
);

create index severed_severed_at on severed (severed_at);

-- What shows photos, such as `post:17`, and is gone or now shown to fewer.
create table narrowed (
    source text not null,
    narrowed_at timestamptz not null,
    constraint narrowed_pkey primary key (source)
);

create index narrowed_narrowed_at on narrowed (narrowed_at);
