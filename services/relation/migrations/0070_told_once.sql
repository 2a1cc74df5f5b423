-- What services are told of the time before they kept it: once, and not from here, where versions that do not keep it still hear.
create table told_once (
    what text not null,
    constraint told_once_pkey primary key (what)
);
