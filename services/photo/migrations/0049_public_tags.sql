-- As 0048 for words: only public photos, in a file of its own.
create index photos_public_tags on photos using gin (tags) where visibility = 'public' and left_at is null;
