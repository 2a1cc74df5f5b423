-- The pictures whose objects are gone are counted every few minutes, and there is hardly ever one.
create index blobs_missing on blobs (object_key) where missing_since is not null;
