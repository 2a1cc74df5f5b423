create table posts (
    id bigint not null default next_id('posts'),
    author bigint not null,
    text text not null,
    -- Empty for none.
    content_warning text not null default '',
    -- The primary subtag of BCP 47, where the author said it.
    language text,
    -- Mentions, tags and links in the text, as ranges; see src/entities.rs.
    entities jsonb not null default '[]',
    -- A comment has its root's, so that a list can be filtered without looking at the root.
    visibility text not null,
    -- What a comment answers, and the post that its thread hangs on; both null for a post.
    parent bigint,
    root bigint,
    root_author bigint,
    comments_count int not null default 0,
    edited_at timestamptz,
    constraint posts_pkey primary key (id),
    constraint posts_author_fkey foreign key (author) references profiles (id) on delete cascade,
    constraint posts_parent_fkey foreign key (parent) references posts (id) on delete set null,
    constraint posts_root_fkey foreign key (root) references posts (id) on delete cascade,
    constraint posts_comment_check check ((root is null) = (root_author is null)),
    constraint posts_visibility_check check (visibility in ('public', 'unlisted', 'followers', 'friends', 'direct')),
    constraint posts_comments_count_positive check (comments_count >= 0)
);

create index posts_of_author on posts (author, id desc) where root is null;
create index posts_public on posts (id desc) where root is null and visibility = 'public';
create index posts_of_root on posts (root, id desc) where root is not null;
create index posts_of_parent on posts (parent, id desc) where parent is not null;
-- Answers to one post by those from whom a reader is severed.
create index posts_of_parent_author on posts (parent, author) where parent is not null;
create index posts_comments_of_author on posts (author) where root is not null;

create table post_photos (
    post bigint not null,
    position int not null,
    photo bigint not null,
    constraint post_photos_pkey primary key (post, position),
    constraint post_photos_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint post_photos_photo_fkey foreign key (photo) references photos (id) on delete cascade
);

create index post_photos_photo on post_photos (photo);
