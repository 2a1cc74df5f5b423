-- What is between two people is looked up by the two, and a list is read from its beginning, however many somebody has. A plan is
-- made once for everybody, and by the average of so many who have little it may read everybody with whom somebody has something:
-- 150 ms for how one stands to a hundred people, with 5,000 friends.

-- All that a lookup asks for, by both.
create unique index follows_by_pair on follows (actor, target) include (withheld);
create unique index follow_requests_by_pair on follow_requests (actor, target) include (withheld);
create unique index friendships_by_pair on friendships (low, high) include (low_asks, high_asks, withheld);
create unique index likes_by_pair on likes (low, high) include (low_likes, high_likes);
create unique index mutes_by_pair on mutes (actor, target) include (notifications, until);

-- Friends and matches, without those who have asked and those who like without being liked: of those there may be any number.
create index friendships_mutual_of_low on friendships (low, id desc) include (high) where low_asks and high_asks;
create index friendships_mutual_of_high on friendships (high, id desc) include (low) where low_asks and high_asks;
create index likes_mutual_of_low on likes (low, id desc) include (high) where low_likes and high_likes;
create index likes_mutual_of_high on likes (high, id desc) include (low) where low_likes and high_likes;

-- The planner is to take everybody for somebody who has a hundred.
alter table follows alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
alter table follow_requests alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
alter table friendships alter column low set (n_distinct = -0.01), alter column high set (n_distinct = -0.01);
alter table likes alter column low set (n_distinct = -0.01), alter column high set (n_distinct = -0.01);
alter table blocks alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
alter table mutes alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
alter table notes alter column author set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
alter table dismissals alter column owner set (n_distinct = -0.01), alter column suggested set (n_distinct = -0.01);
analyze follows, follow_requests, friendships, likes, blocks, mutes, notes, dismissals;

-- As before, but for where it is asked what belongs on a list: of a branch with a condition of its own, the planner sorts the whole
-- list for one page.
create or replace view listed as
select list, owner, id, account, maker, withheld from (
    select 'followers'::text as list, target as owner, id, actor as account, actor as maker, withheld, true as holds from follows
    union all
    select 'following', actor, id, target, actor, withheld, true from follows
    union all
    select 'follow_requests', target, id, actor, actor, withheld, true from follow_requests
    union all
    select 'sent_follow_requests', actor, id, target, actor, withheld, true from follow_requests
    union all
    select 'friends', low, id, high, low, false, low_asks and high_asks from friendships
    union all
    select 'friends', high, id, low, high, false, low_asks and high_asks from friendships
    union all
    select 'friend_requests', low, id, high, high, withheld, high_asks and not low_asks from friendships
    union all
    select 'friend_requests', high, id, low, low, withheld, low_asks and not high_asks from friendships
    union all
    select 'sent_friend_requests', low, id, high, low, withheld, low_asks and not high_asks from friendships
    union all
    select 'sent_friend_requests', high, id, low, high, withheld, high_asks and not low_asks from friendships
    union all
    select 'matches', low, id, high, low, false, low_likes and high_likes from likes
    union all
    select 'matches', high, id, low, high, false, low_likes and high_likes from likes
    union all
    select 'blocks', actor, id, target, actor, false, true from blocks
    union all
    select 'mutes', actor, id, target, actor, false, until is null or until > now() from mutes
) entry where holds;
