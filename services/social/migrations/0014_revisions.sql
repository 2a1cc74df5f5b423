-- What a post said before each edit, the oldest first by number.
create table revisions (
    post bigint not null,
    number int not null,
    text text not null,
    content_warning text not null,
    language text,
    entities jsonb not null,
    -- For whom the post was while it said this. Whoever sees the post now sees of its past what was for them then.
    visibility text not null,
    mentioned bigint[] not null,
    -- When it was replaced.
    replaced_at timestamptz not null default clock_timestamp(),
    constraint revisions_pkey primary key (post, number),
    constraint revisions_post_fkey foreign key (post) references posts (id) on delete cascade
);
