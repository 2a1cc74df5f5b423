-- What a search finds by the index of words or of tags is as much as the counts of public photos say (see src/meant.rs), so that index
-- must have no others in it: a word that is rare among public photos may be in a million private ones. A file of its own: photos can be
-- read while the indexes are built. `photos_search` and `photos_tags` are for the release before, and go with a later one.
create index photos_public_search on photos using gin (search) where visibility = 'public' and left_at is null;
