-- Blobs: the pictures made of one uploaded file, shared by all photos whose cleaned original is the same, byte by byte.
-- A blob that nobody refers to any more is a tombstone until a job has deleted its objects.
create table blobs (
    -- Of the cleaned original.
    sha256 bytea not null,
    -- Random, so that nothing about the bytes can be read from a listing of the bucket. Never used a second time.
    object_key text not null,
    refs int not null,
    width int not null,
    height int not null,
    thumbhash text not null,
    -- What the picture is mostly of: a color as in CSS, and what people call it.
    color text not null,
    hue text not null,
    animated boolean not null,
    original_type text not null,
    original_size bigint not null,
    large_size bigint not null,
    small_size bigint not null,
    thumb_size bigint not null,
    created_at timestamptz not null default clock_timestamp(),
    tombstoned_at timestamptz,
    -- When it was last looked whether the objects are there, and since when they are not.
    checked_at timestamptz,
    missing_since timestamptz,
    constraint blobs_pkey primary key (sha256),
    constraint blobs_sha256_length check (octet_length(sha256) = 32),
    constraint blobs_object_key_key unique (object_key),
    constraint blobs_refs_counted check (refs >= 0),
    constraint blobs_tombstoned_at_zero check ((refs = 0) = (tombstoned_at is not null)),
    constraint blobs_color_form check (color ~ '^#[0-9a-f]{6}$'),
    constraint blobs_original_type_known check (original_type in ('image/jpeg', 'image/png', 'image/webp'))
);

create index blobs_checked_at on blobs (checked_at nulls first) where refs > 0;

create table photos (
    id bigint not null default next_id('photos'),
    -- `account:<id>`. Text, because a commission will own photos too.
    owner text not null,
    blob bytea not null,
    -- 128 random bits: the part of the address that makes a private photo's address unguessable.
    key text not null,
    visibility text not null,
    title text not null,
    alt text not null,
    tags text[] not null,
    -- An identifier of SPDX, or `all-rights-reserved`.
    license text not null,
    -- Whom to name, in the owner's words.
    credit text not null,
    -- How many other people show it somewhere. Changes in the transaction of the use that it counts.
    uses int not null default 0,
    -- Its owner has let go of it and left it to those who show it: it counts towards nobody's quota, is found by no search,
    -- and goes with its last use.
    left_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    -- The words of title, tags and alternative text as a search compares them: folded by the service, in one place for what
    -- is kept and what is asked.
    words text[] not null,
    search tsvector not null generated always as (array_to_tsvector(words)) stored,
    constraint photos_pkey primary key (id),
    constraint photos_owner_form check (owner ~ '^account:[1-9][0-9]{0,18}$'),
    constraint photos_blob_fkey foreign key (blob) references blobs (sha256),
    constraint photos_key_key unique (key),
    constraint photos_key_form check (key ~ '^[A-Za-z0-9_-]{22}$'),
    constraint photos_visibility_known check (visibility in ('public', 'private')),
    constraint photos_title_length check (char_length(title) <= 200),
    constraint photos_alt_length check (char_length(alt) <= 2000),
    constraint photos_credit_length check (char_length(credit) <= 200),
    constraint photos_tags_count check (cardinality(tags) <= 20),
    constraint photos_license_known check (license in (
        'all-rights-reserved', 'CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0', 'CC-BY-NC-SA-4.0', 'CC-BY-ND-4.0',
        'CC-BY-NC-ND-4.0'
    )),
    constraint photos_uses_counted check (uses >= 0),
    constraint photos_left_is_public check (left_at is null or visibility = 'public')
);

create index photos_blob on photos (blob);
create index photos_owner on photos (owner, id desc);
create index photos_public on photos (id desc) where visibility = 'public' and left_at is null;
create index photos_most_used on photos (uses desc, id desc) where visibility = 'public' and left_at is null;
create index photos_tags on photos using gin (tags);
create index photos_search on photos using gin (search);
