-- Posts that their author shows first on the profile.
create table pins (
    post bigint not null,
    author bigint not null,
    constraint pins_pkey primary key (post),
    constraint pins_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint pins_author_fkey foreign key (author) references profiles (id) on delete cascade
);

create index pins_author on pins (author, post desc);
