-- Work that is owed to the world outside of the database. A job is deleted when it is done; while a worker has it,
-- `run_at` lies in the future, so that a worker that dies gives it back by itself.
create table jobs (
    id bigint generated always as identity,
    kind text not null,
    payload jsonb not null,
    run_at timestamptz not null default clock_timestamp(),
    attempts int not null default 0,
    error text,
    traceparent text,
    created_at timestamptz not null default clock_timestamp(),
    constraint jobs_pkey primary key (id)
);

create index jobs_run_at on jobs (run_at);
