-- Tags as they are compared: see `normalized` in src/entities.rs. A tag's posts are read newest first.
create table post_tags (
    tag text not null,
    post_id bigint not null,
    constraint post_tags_pkey primary key (tag, post_id),
    constraint post_tags_post_fkey foreign key (post_id) references posts (id) on delete cascade
);

create index post_tags_post on post_tags (post_id);

create table followed_tags (
    account bigint not null,
    tag text not null,
    -- A place in the list of what one follows.
    id bigint not null default next_id('followed_tags'),
    constraint followed_tags_pkey primary key (account, tag),
    constraint followed_tags_account_fkey foreign key (account) references profiles (id) on delete cascade
);

create index followed_tags_of_account on followed_tags (account, id desc);
create index followed_tags_tag on followed_tags (tag);
