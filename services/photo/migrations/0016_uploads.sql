-- Uploads that arrive in pieces or go straight to the store. Their bytes lie under `incoming/`, are never served, and go when
-- the photo is made or the time is over.
create table uploads (
    id bigint not null default next_id('uploads'),
    owner text not null,
    -- What the names of its objects begin with; random.
    object_key text not null,
    -- Straight to the store, as one object of this very name.
    direct boolean not null,
    -- Bytes, as announced.
    length bigint not null,
    -- Bytes that are there, where they come through the service.
    received bigint not null default 0,
    -- What is said of the photo that it will be.
    about jsonb not null,
    -- The photo that it has become.
    photo bigint,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    constraint uploads_pkey primary key (id),
    constraint uploads_object_key_key unique (object_key),
    constraint uploads_photo_fkey foreign key (photo) references photos (id) on delete cascade,
    constraint uploads_length_counted check (length > 0),
    constraint uploads_received_within check (received between 0 and length)
);

create index uploads_owner on uploads (owner);
create index uploads_photo on uploads (photo);
create index uploads_expires_at on uploads (expires_at);

-- The pieces, each an object. Together they have no gap: one begins where the one before it ends.
create table upload_pieces (
    upload bigint not null,
    begins bigint not null,
    length bigint not null,
    object_name text not null,
    constraint upload_pieces_pkey primary key (upload, begins),
    constraint upload_pieces_upload_fkey foreign key (upload) references uploads (id) on delete cascade
);
