-- The tags and words of public photos, each with the number of photos that have it. Tags are suggested from here, and a word
-- that no photo has is compared with those that there are, so that a typing error finds something.
create extension if not exists pg_trgm with schema extensions;

create table terms (
    kind text not null,
    -- Compared byte by byte: what begins alike lies together.
    term text collate "C" not null,
    photos bigint not null,
    constraint terms_pkey primary key (kind, term),
    constraint terms_kind_known check (kind in ('tag', 'word')),
    constraint terms_photos_counted check (photos > 0)
);

create index terms_similar on terms using gin (term gin_trgm_ops);
