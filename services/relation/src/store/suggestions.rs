//! Whom somebody may like to follow: those whom the people near them know, weighted by how few those know (Adamic–Adar). Of
//! these, who follows the same tags counts for more, likewise weighted by how few do. A tag alone makes no suggestion: who
//! follows it is nobody else's business. Who was not here for long, reading or writing, counts for less.
//!
//! What is read is bounded, however much-followed anybody is: so many nearest people, and so many of theirs. Of the nearest, whoever
//! is hidden connects nobody; when one of them is hidden or comes back, the suggestions are made anew at the next look.

use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

/// Friends, and as many followees, whose people are looked at: the newest.
const NEAREST: i64 = 50;
/// How many of theirs, of each kind: the newest.
const OF_EACH: i64 = 100;
/// So many followers of a tag are counted.
const OF_TAG: i64 = 1_000;
/// Candidates of whom it is looked up whether they were here and want to be suggested: the likeliest.
const LIKELIEST: i64 = 2_000;
/// How many are kept.
const KEPT: i64 = 100;
/// How many are remembered of those whom somebody has dismissed: the newest.
const DISMISSED: i64 = 5_000;
/// Days in which somebody who is not here comes to count for half.
const HALVED_IN: f64 = 30.0;

/// Somebody who is suggested, and why.
pub(crate) struct Suggested {
    pub(crate) id: AccountId,
    pub(crate) friends_in_common: i32,
    pub(crate) followed_by: i32,
    pub(crate) followees_in_common: i32,
    pub(crate) shared_tags: i32,
    /// They wrote something for everybody in the last seven days. That they only read is nobody's business.
    pub(crate) active: bool,
    pub(crate) friends: Vec<AccountId>,
    pub(crate) followers: Vec<AccountId>,
    pub(crate) followees: Vec<AccountId>,
}

/// Makes the suggestions anew if they are not there, are an hour old, or were made when others were hidden. Of several requests at once
/// one does it.
pub(crate) async fn refresh(pool: &PgPool, owner: AccountId) -> Result<()> {
    let mut tx = pool.begin().await?;
    let stale = sqlx::query!(
        "update people set suggested_at = clock_timestamp(), suggested_without = hidden_near($1, $2)
         where id = $1 and (suggested_at is null or suggested_at < now() - interval '1 hour'
             or suggested_without is distinct from hidden_near($1, $2))",
        owner as AccountId,
        NEAREST,
    )
    .execute(&mut *tx)
    .await?;
    if stale.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!("delete from suggestions where owner = $1", owner as AccountId).execute(&mut *tx).await?;
    sqlx::query!(
        "with near as (
             select circle.who, circle.friend, circle.followed,
                 1 / ln(greatest(followers_count + following_count + friends_count, 2)::float8) as weight
             from nearest_to($1, $2) circle join people on people.id = circle.who where not is_hidden(circle.who)
         ),
         theme as (
             select interests.tag, 1 / ln(greatest(
                     (select count(*) from (select from interests other where other.tag = interests.tag limit $5) counted), 2
                 )::float8) as weight
             from interests where account = $1 order by interests.id desc limit $2
         ),
         path as (
             select who, weight, candidate, 'friend' as kind from near cross join lateral (
                 select account as candidate from listed where near.friend and list = 'friends' and owner = near.who
                 order by listed.id desc limit $3) theirs
             union all
             select who, weight, candidate, 'follower' from near cross join lateral (
                 select target as candidate from follows where actor = near.who and not withheld
                 order by follows.id desc limit $3) theirs
             union all
             select who, weight, candidate, 'followee' from near cross join lateral (
                 select actor as candidate from follows where near.followed and target = near.who and not withheld
                 order by follows.id desc limit $3) theirs
             union all
             -- Below zero, where no account is.
             select -tag, weight, candidate, 'tag' from theme cross join lateral (
                 select account as candidate from interests where interests.tag = theme.tag order by interests.id desc limit $3) theirs
         ),
         -- Who is not suggested because of what the owner has done: left out before anything is cut, so that they take nobody's place.
         -- Each of these lists has its limit, but for friends.
         known as (
             select target as person from follows where actor = $1
             union all
             select target from follow_requests where actor = $1
             union all
             select high from friendships where low = $1 and low_asks
             union all
             select low from friendships where high = $1 and high_asks
             union all
             select target from blocks where actor = $1
             union all
             select target from mutes where actor = $1 and (until is null or until > now())
             union all
             select suggested from dismissals where owner = $1
         ),
         link as (
             select who, weight, candidate, bool_or(kind = 'friend') as friend, bool_or(kind = 'follower') as follower,
                 bool_or(kind = 'followee') as followee, bool_or(kind = 'tag') as tag
             from path
             where candidate <> $1 and candidate not in (select person from known)
             group by who, weight, candidate
         ),
         best as (
             select candidate, sum(weight) as nearness,
                 count(*) filter (where friend) as friends_in_common,
                 count(*) filter (where follower) as followed_by,
                 count(*) filter (where followee) as followees_in_common,
                 count(*) filter (where tag) as shared_tags,
                 (array_agg(who order by weight desc, who) filter (where friend))[1:3] as friends,
                 (array_agg(who order by weight desc, who) filter (where follower))[1:3] as followers,
                 (array_agg(who order by weight desc, who) filter (where followee))[1:3] as followees
             from link group by candidate having bool_or(friend or follower or followee)
             order by sum(weight) desc, candidate limit $7
         ),
         -- And because of what they are: looked up by their keys, as far as there is one for each. What is left of reasons against them is
         -- asked last, of a few.
         likely as (
             select best.*, nearness * power(0.5, extract(epoch from now() - here.seen)::float8 / 86400 / $6) as score
             from best cross join lateral (
                 select greatest(seen_at, (
                     select postings.day::timestamp at time zone 'UTC' from postings where postings.account = best.candidate
                 )) as seen
                 from people where people.id = best.candidate and suggestible limit 1
             ) here
             where here.seen > now() - interval '90 days' and not is_hidden(candidate)
                 and (select true from undiscoverable where account = candidate) is null
             order by score desc, candidate limit 5 * $4::bigint
         )
         insert into suggestions
             (owner, suggested, score, friends_in_common, followed_by, followees_in_common, shared_tags, friends, followers, followees)
         select $1, candidate, score, friends_in_common, followed_by, followees_in_common, shared_tags,
             coalesce(friends, '{}'), coalesce(followers, '{}'), coalesce(followees, '{}')
         from likely where may_suggest($1, candidate) order by score desc limit $4",
        owner as AccountId,
        NEAREST,
        OF_EACH,
        KEPT,
        OF_TAG,
        HALVED_IN,
        LIKELIEST,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The best of what was made that may still be suggested. While a platform is upgraded, the version before still makes suggestions of
/// tags alone: these are nobody's business, whoever made them.
pub(crate) async fn best(pool: &PgPool, owner: AccountId, limit: i64) -> Result<Vec<Suggested>> {
    Ok(sqlx::query_as!(
        Suggested,
        r#"select suggested as "id: AccountId", friends_in_common, followed_by, followees_in_common, shared_tags,
               coalesce((
                   select day > (now() at time zone 'UTC')::date - 7 from postings where postings.account = suggestions.suggested
               ), false) as "active!",
               array(select who from unnest(friends) with ordinality as the (who, place) where not is_hidden(who) order by place)
                   as "friends!: Vec<AccountId>",
               array(select who from unnest(followers) with ordinality as the (who, place) where not is_hidden(who) order by place)
                   as "followers!: Vec<AccountId>",
               array(select who from unnest(followees) with ordinality as the (who, place) where not is_hidden(who) order by place)
                   as "followees!: Vec<AccountId>"
           from suggestions where owner = $1 and friends_in_common + followed_by + followees_in_common > 0 and may_suggest($1, suggested)
           order by score desc, suggested limit $2"#,
        owner as AccountId,
        limit,
    )
    .fetch_all(pool)
    .await?)
}

/// Does not suggest somebody again, and forgets whom the owner has dismissed before many others.
pub(crate) async fn dismiss(pool: &PgPool, owner: AccountId, suggested: AccountId) -> Result<()> {
    sqlx::query!(
        "with dismissed as (
             insert into dismissals (owner, suggested) select $1::bigint, $2::bigint where not is_gone($1) and not is_gone($2)
             on conflict do nothing returning owner
         )
         -- All parts of a statement see what was there before it.
         delete from dismissals where owner in (select owner from dismissed)
             and id <= (select id from dismissals where owner = $1 order by id desc limit 1 offset $3)",
        owner as AccountId,
        suggested as AccountId,
        DISMISSED - 1,
    )
    .execute(pool)
    .await?;
    Ok(())
}
