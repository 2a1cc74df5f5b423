-- What others keep of a photo: text and links, never bytes. Kept by the facts of photo.
create table photos (
    id bigint not null,
    owner bigint not null,
    key text not null,
    visibility text not null,
    alt text not null,
    width int not null,
    height int not null,
    thumbhash text not null,
    constraint photos_pkey primary key (id)
);

-- A row is made from the first token that its account shows.
create table profiles (
    id bigint not null,
    handle text not null,
    display_name text not null default '',
    bio text not null default '',
    pronouns text not null default '',
    -- Pairs of name and value, in the order that their owner chose.
    fields jsonb not null default '[]',
    picture bigint,
    header bigint,
    -- May be found by search and suggested to others.
    discoverable boolean not null default true,
    -- Posts that everybody may see: a number for all readers must tell nobody of what is not for them. Changes in the
    -- transaction of the post that it counts.
    posts_count int not null default 0,
    constraint profiles_pkey primary key (id),
    constraint profiles_picture_fkey foreign key (picture) references photos (id) on delete set null,
    constraint profiles_header_fkey foreign key (header) references photos (id) on delete set null,
    constraint profiles_posts_count_positive check (posts_count >= 0)
);

create index profiles_handle on profiles (handle);
create index profiles_picture on profiles (picture) where picture is not null;
create index profiles_header on profiles (header) where header is not null;
