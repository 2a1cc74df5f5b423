-- What a client of tus said when it began an upload, as it said it: it is told so when it asks how far the upload has come, and some
-- clients find there which of their files it is.
alter table uploads
    add column metadata text,
    add constraint uploads_metadata_length check (octet_length(metadata) <= 16384);
