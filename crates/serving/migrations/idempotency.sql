-- The stored answers of writes that carried an `Idempotency-Key`, kept for 24 hours.
-- A row is made in the transaction of the effect, so that the two cannot part.
create table idempotency_keys (
    caller text not null,
    route text not null,
    key text not null,
    fingerprint bytea not null,
    status smallint not null,
    body text not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint idempotency_keys_pkey primary key (caller, route, key)
);

create index idempotency_keys_created_at on idempotency_keys (created_at);
