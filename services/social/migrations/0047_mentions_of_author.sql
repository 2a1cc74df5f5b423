-- By now every mention has one.
alter table mentions alter column author set not null;
create index mentions_of_author on mentions (account, author, post desc);
