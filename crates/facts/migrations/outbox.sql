-- The outbox: facts of this schema, told to other services. Writers only insert; the sequencer gives a committed row its
-- position, so that a reader of `position > cursor` can never miss a transaction that began early and committed late.
create table outbox (
    id bigint generated always as identity,
    position bigint,
    fact jsonb not null,
    traceparent text,
    created_at timestamptz not null default clock_timestamp(),
    constraint outbox_pkey primary key (id),
    constraint outbox_position_key unique (position)
);

create index outbox_unsequenced on outbox (id) where position is null;

create sequence outbox_positions;

-- How far each consumer is. A consumer moves its row in the transaction that applies the facts.
create table outbox_cursors (
    consumer text not null,
    position bigint not null,
    moved_at timestamptz not null default clock_timestamp(),
    constraint outbox_cursors_pkey primary key (consumer)
);
