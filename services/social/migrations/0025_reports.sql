-- What people report to whoever keeps the house. Without foreign keys: a report outlives what it is about.
create table reports (
    id bigint not null default next_id('reports'),
    reporter bigint not null,
    -- Whom it is about, and which post of theirs, if it is about one.
    account bigint not null,
    post bigint,
    reason text not null,
    note text not null,
    -- What the post said when it was reported: it may be edited or deleted since.
    said text not null,
    closed_at timestamptz,
    constraint reports_pkey primary key (id),
    constraint reports_reason_check check (reason in ('spam', 'abuse', 'illegal', 'other'))
);

-- One report at a time; a new one may be made when the last is closed.
create unique index reports_open_of_post on reports (reporter, post) where closed_at is null and post is not null;
create unique index reports_open_of_account on reports (reporter, account) where closed_at is null and post is null;
create index reports_open on reports (id desc) where closed_at is null;
