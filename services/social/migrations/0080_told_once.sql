-- What services are told of the time before there were facts of it: once, and not from here, where versions that do not know such
-- facts still hear, and pass them by.
create table told_once (
    what text not null,
    constraint told_once_pkey primary key (what)
);
