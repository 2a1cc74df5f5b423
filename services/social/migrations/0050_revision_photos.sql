-- What a post showed before each edit, beside what it said. As in posts, what others have taken back is gone for good.
create table revision_photos (
    post bigint not null,
    number int not null,
    position int not null,
    photo bigint not null,
    constraint revision_photos_pkey primary key (post, number, position),
    constraint revision_photos_revision_fkey foreign key (post, number) references revisions (post, number) on delete cascade,
    constraint revision_photos_photo_fkey foreign key (photo) references photos (id) on delete cascade
);

create index revision_photos_photo on revision_photos (photo);
