-- See 0054_follows_by_key.sql.
create unique index likes_by_pair on likes (low, high) include (low_likes, high_likes);

-- Matches, without those who like without being liked: of those there may be any number.
create index likes_mutual_of_low on likes (low, id desc) include (high) where low_likes and high_likes;
create index likes_mutual_of_high on likes (high, id desc) include (low) where low_likes and high_likes;

alter table likes alter column low set (n_distinct = -0.01), alter column high set (n_distinct = -0.01);
analyze likes;
