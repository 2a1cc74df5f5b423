-- Who blocks whom, kept by the facts of relation: neither of the two says to the other where a photo is shown.
create table blocks (
    actor bigint not null,
    target bigint not null,
    constraint blocks_pkey primary key (actor, target)
);

create index blocks_target on blocks (target);
