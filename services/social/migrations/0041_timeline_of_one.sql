-- A person's timeline is read by visibility: each one that is for the reader, so that what is not costs nothing, however much of
-- it there is.
create index posts_of_author_by_visibility on posts (author, visibility, id desc) where root is null and not tombstone;
