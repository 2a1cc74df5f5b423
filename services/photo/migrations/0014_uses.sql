-- Where other people show a public photo.
create table photo_uses (
    id bigint not null default next_id('photo_uses'),
    photo bigint not null,
    -- Who shows it.
    account bigint not null,
    -- What shows it: `post:17`, `profile:5`, `album:3`; `account:5` where it is known who and not yet in what; or
    -- `elsewhere:<digest>` outside of the platform.
    source text not null,
    -- Outside of the platform: where, in its maker's words.
    url text,
    note text,
    created_at timestamptz not null default clock_timestamp(),
    constraint photo_uses_pkey primary key (id),
    constraint photo_uses_source_key unique (photo, account, source),
    constraint photo_uses_photo_fkey foreign key (photo) references photos (id) on delete cascade,
    constraint photo_uses_url_length check (char_length(url) <= 2000),
    constraint photo_uses_note_length check (char_length(note) <= 500),
    constraint photo_uses_said check ((source like 'elsewhere:%') = (url is not null or note is not null))
);

create index photo_uses_photo on photo_uses (photo, id desc);
create index photo_uses_source on photo_uses (source);
