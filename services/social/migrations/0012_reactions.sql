create table reactions (
    post bigint not null,
    account bigint not null,
    emoji text not null,
    -- A place in the list of who reacted.
    id bigint not null default next_id('reactions'),
    constraint reactions_pkey primary key (post, account, emoji),
    constraint reactions_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint reactions_account_fkey foreign key (account) references profiles (id) on delete cascade
);

create index reactions_account on reactions (account);
create index reactions_of_post on reactions (post, id desc);
create index reactions_of_emoji on reactions (post, emoji, id desc);

-- Changes in the transaction of the reaction that it counts; at zero the row goes.
create table reaction_counts (
    post bigint not null,
    emoji text not null,
    count int not null,
    constraint reaction_counts_pkey primary key (post, emoji),
    constraint reaction_counts_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint reaction_counts_positive check (count > 0)
);
