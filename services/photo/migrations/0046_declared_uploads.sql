-- What the file of an upload was declared to be, whichever way it comes: held against what it is when it is complete. Uploads that
-- are under way as this is applied have none, and are judged by what they are.
alter table uploads
    add column declared text,
    add constraint uploads_declared_length check (char_length(declared) <= 255);
