-- Up to which place in a producer's outbox there are withdrawals that were forgotten, as no living grant can be older. One that was
-- decided by a service which has not come to that place, however late that is, may rest on what was withdrawn.
create table forgotten (
    producer text not null,
    position bigint not null,
    constraint forgotten_pkey primary key (producer)
);
