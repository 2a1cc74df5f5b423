-- A read that finds more on its way than it looks through asks for the posts of whom it follows.
create index home_deliveries_by_author on home_deliveries (author, post desc);
drop index home_deliveries_author;
alter index home_deliveries_by_author rename to home_deliveries_author;
