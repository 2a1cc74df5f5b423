-- Friends, and who has asked to be: one row for the two. They are friends when both ask.
create table friendships (
    -- Of the request, then of the friendship: the order of the lists.
    id bigint not null default next_id('friendships'),
    low bigint not null,
    high bigint not null,
    low_asks boolean not null,
    high_asks boolean not null,
    -- As with follows: the request of somebody who is blocked.
    withheld boolean not null default false,
    constraint friendships_pkey primary key (low, high),
    constraint friendships_order check (low < high),
    constraint friendships_not_empty check (low_asks or high_asks),
    constraint friendships_withheld_is_not_mutual check (not (withheld and low_asks and high_asks))
);

create unique index friendships_of_low on friendships (low, id desc) include (high, low_asks, high_asks, withheld);
create unique index friendships_of_high on friendships (high, id desc) include (low, low_asks, high_asks, withheld);

-- Who likes whom in secret: one row for the two. It is a match when both do, and nobody is told of less.
create table likes (
    -- Of the first like, then of the match: the order of the matches.
    id bigint not null default next_id('likes'),
    low bigint not null,
    high bigint not null,
    low_likes boolean not null,
    high_likes boolean not null,
    constraint likes_pkey primary key (low, high),
    constraint likes_order check (low < high),
    constraint likes_not_empty check (low_likes or high_likes)
);

create unique index likes_of_low on likes (low, id desc) include (high, low_likes, high_likes);
create unique index likes_of_high on likes (high, id desc) include (low, low_likes, high_likes);
