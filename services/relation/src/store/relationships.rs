use contracts::AccountId;
use contracts::fact::RelationChanged;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// All that is between the viewer and somebody, as the viewer may know it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: AccountId,
    pub(crate) approves_followers: bool,
    pub(crate) following: bool,
    pub(crate) followed_by: bool,
    pub(crate) requested: bool,
    pub(crate) requested_by: bool,
    pub(crate) friends: bool,
    pub(crate) friend_requested: bool,
    pub(crate) friend_requested_by: bool,
    pub(crate) blocking: bool,
    pub(crate) muting: bool,
    pub(crate) muting_notifications: bool,
    pub(crate) muted_until: Option<i64>,
    pub(crate) note: Option<String>,
    pub(crate) liked: bool,
    pub(crate) matched: bool,
}

/// How the viewer stands to each of `ids`, in that order. Everything is asked as a scalar or with a limit, so that it is looked up
/// by its key: of an `exists` or a join, the planner may read everybody with whom the viewer has something.
pub(crate) async fn by_ids(pool: &PgPool, viewer: AccountId, ids: &[i64]) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select other.id as "id!: AccountId",
               coalesce((select approves_followers from people where people.id = other.id), false) and not hidden.are
                   and (select true from blocks where actor = $1 and target = other.id) is null
                   and (select true from blocks where actor = other.id and target = $1) is null as "approves_followers!",
               (select true from follows where actor = $1 and target = other.id) is not null as "following!",
               coalesce((select not withheld from follows where actor = other.id and target = $1), false) and not hidden.are
                   as "followed_by!",
               (select true from follow_requests where actor = $1 and target = other.id) is not null as "requested!",
               coalesce((select not withheld from follow_requests where actor = other.id and target = $1), false) and not hidden.are
                   as "requested_by!",
               coalesce(friendship.mine and friendship.theirs, false) and not hidden.are as "friends!",
               coalesce(friendship.mine and (not friendship.theirs or hidden.are), false) as "friend_requested!",
               coalesce(friendship.theirs and not friendship.mine and not friendship.withheld, false) and not hidden.are
                   as "friend_requested_by!",
               (select true from blocks where actor = $1 and target = other.id) is not null as "blocking!",
               muting.notifications is not null as "muting!",
               coalesce(muting.notifications, false) as "muting_notifications!",
               extract(epoch from muting.until)::bigint as "muted_until?",
               (select text from notes where author = $1 and target = other.id) as "note?",
               coalesce(liking.mine, false) as "liked!",
               coalesce(liking.mine and liking.theirs, false) and not hidden.are as "matched!"
           from unnest($2::bigint[]) with ordinality as other (id, place)
           cross join lateral (select is_hidden(other.id) as are) hidden
           left join lateral (
               select case when low = $1 then low_asks else high_asks end as mine,
                   case when low = $1 then high_asks else low_asks end as theirs, withheld
               from friendships where low = least($1, other.id) and high = greatest($1, other.id) limit 1
           ) friendship on true
           left join lateral (
               select case when low = $1 then low_likes else high_likes end as mine,
                   case when low = $1 then high_likes else low_likes end as theirs
               from likes where low = least($1, other.id) and high = greatest($1, other.id) limit 1
           ) liking on true
           left join lateral (
               select notifications, until from mutes
               where actor = $1 and target = other.id and (until is null or until > now()) limit 1
           ) muting on true
           order by other.place"#,
        viewer as AccountId,
        ids,
    )
    .fetch_all(pool)
    .await?)
}

/// What others are told of how `actor` stands to `target` now.
pub(crate) async fn told(connection: &mut PgConnection, actor: AccountId, target: AccountId, severed: bool) -> Result<RelationChanged> {
    let row = sqlx::query!(
        r#"select exists (select from follows where actor = $1 and target = $2 and not withheld) as "follows!",
               exists (select from blocks where actor = $1 and target = $2) as "blocks!",
               exists (
                   select from friendships where low = least($1, $2) and high = greatest($1, $2) and low_asks and high_asks
               ) as "friends!",
               mutes.target is not null as "mutes!",
               extract(epoch from mutes.until)::bigint as "mutes_until?",
               coalesce(mutes.notifications, false) as "mutes_notifications!"
           from (values (true)) as one (holds)
           left join mutes on mutes.actor = $1 and mutes.target = $2 and (mutes.until is null or mutes.until > now())"#,
        actor as AccountId,
        target as AccountId,
    )
    .fetch_one(connection)
    .await?;
    Ok(RelationChanged {
        actor,
        target,
        follows: row.follows,
        blocks: row.blocks,
        friends: row.friends,
        mutes: row.mutes,
        mutes_until: row.mutes_until,
        mutes_notifications: row.mutes_notifications,
        severed,
    })
}
