-- Facts of others that could not be applied: tried ten times, then parked here, so that one cannot hold up the rest.
create table fact_failures (
    producer text not null,
    position bigint not null,
    fact jsonb not null,
    attempts int not null,
    error text not null,
    parked_at timestamptz,
    constraint fact_failures_pkey primary key (producer, position)
);
