-- See 0054_follows_by_key.sql.
create unique index friendships_by_pair on friendships (low, high) include (low_asks, high_asks, withheld);

-- Friends, without those who have asked: of those there may be any number.
create index friendships_mutual_of_low on friendships (low, id desc) include (high) where low_asks and high_asks;
create index friendships_mutual_of_high on friendships (high, id desc) include (low) where low_asks and high_asks;

alter table friendships alter column low set (n_distinct = -0.01), alter column high set (n_distinct = -0.01);
analyze friendships;
