-- Sessions that ended before their tokens did. Every service reads the unexpired ones.
create table revocations (
    session_id bigint not null,
    expires_at timestamptz not null,
    constraint revocations_pkey primary key (session_id)
);

create index revocations_expires_at on revocations (expires_at);
