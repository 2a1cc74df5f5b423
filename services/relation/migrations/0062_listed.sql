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
