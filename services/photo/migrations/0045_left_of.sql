-- What is left to those who show it is a copy of its own: here is of which photo. That one may be gone, or be left again as another
-- copy.
alter table photos add column left_of bigint;
