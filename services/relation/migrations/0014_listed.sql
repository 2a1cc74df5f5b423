-- Every list of people: whose it is, its order, who is on it, and who made the row. A row that is withheld is for whoever
-- made it alone. The name of the list is a constant of each branch, so that a query reads only the branches it asks for.
create view listed as
select 'followers'::text as list, target as owner, id, actor as account, actor as maker, withheld from follows
union all
select 'following', actor, id, target, actor, withheld from follows
union all
select 'follow_requests', target, id, actor, actor, withheld from follow_requests
union all
select 'sent_follow_requests', actor, id, target, actor, withheld from follow_requests
union all
select 'friends', low, id, high, low, false from friendships where low_asks and high_asks
union all
select 'friends', high, id, low, high, false from friendships where low_asks and high_asks
union all
select 'friend_requests', low, id, high, high, withheld from friendships where high_asks and not low_asks
union all
select 'friend_requests', high, id, low, low, withheld from friendships where low_asks and not high_asks
union all
select 'sent_friend_requests', low, id, high, low, withheld from friendships where low_asks and not high_asks
union all
select 'sent_friend_requests', high, id, low, high, withheld from friendships where high_asks and not low_asks
union all
select 'matches', low, id, high, low, false from likes where low_likes and high_likes
union all
select 'matches', high, id, low, high, false from likes where low_likes and high_likes
union all
select 'blocks', actor, id, target, actor, false from blocks
union all
select 'mutes', actor, id, target, actor, false from mutes where until is null or until > now();

-- What the counts in `people` must be.
create view counted as
select people.id,
    (select count(*) from follows where target = people.id and not withheld)::int as followers_count,
    (select count(*) from follows where actor = people.id and not withheld)::int as following_count,
    (
        (select count(*) from friendships where low = people.id and low_asks and high_asks)
        + (select count(*) from friendships where high = people.id and low_asks and high_asks)
    )::int as friends_count,
    (
        (select count(*) from follow_requests where actor = people.id)
        + (select count(*) from follows where actor = people.id and withheld)
    )::int as pending_count
from people;
