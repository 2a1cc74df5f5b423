-- Posts that somebody keeps for later; nobody else learns of it.
create table bookmarks (
    account bigint not null,
    post bigint not null,
    -- A place in the list.
    id bigint not null default next_id('bookmarks'),
    constraint bookmarks_pkey primary key (account, post),
    constraint bookmarks_account_fkey foreign key (account) references profiles (id) on delete cascade,
    constraint bookmarks_post_fkey foreign key (post) references posts (id) on delete cascade
);

create index bookmarks_of_account on bookmarks (account, id desc);
create index bookmarks_post on bookmarks (post);
