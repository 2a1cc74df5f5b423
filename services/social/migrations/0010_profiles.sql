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
    picture bigint,
    constraint profiles_pkey primary key (id),
    constraint profiles_picture_fkey foreign key (picture) references photos (id) on delete set null
);

create index profiles_handle on profiles (handle);
create index profiles_picture on profiles (picture) where picture is not null;
