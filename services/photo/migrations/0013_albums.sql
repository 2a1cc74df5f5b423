create table albums (
    id bigint not null default next_id('albums'),
    owner text not null,
    title text not null,
    visibility text not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint albums_pkey primary key (id),
    constraint albums_owner_form check (owner ~ '^account:[1-9][0-9]{0,18}$'),
    constraint albums_title_length check (char_length(title) between 1 and 200),
    constraint albums_visibility_known check (visibility in ('public', 'private'))
);

create index albums_owner on albums (owner, id desc);
create index albums_public on albums (id desc) where visibility = 'public';

create table album_photos (
    album bigint not null,
    photo bigint not null,
    -- From zero up. May have gaps, where a photo was taken out.
    position int not null,
    constraint album_photos_pkey primary key (album, photo),
    -- Looked at when a statement ends, so that one statement can move all.
    constraint album_photos_position_key unique (album, position) deferrable initially immediate,
    constraint album_photos_album_fkey foreign key (album) references albums (id) on delete cascade,
    constraint album_photos_photo_fkey foreign key (photo) references photos (id) on delete cascade,
    constraint album_photos_position_counted check (position >= 0)
);

create index album_photos_photo on album_photos (photo);
