//! What people are told. Triggers tell of posts, mentions and reactions, in the transaction that makes them; facts of
//! relation are told here. Places in the list are ids: a client that must miss nothing reads the stream, whose positions
//! are given to committed rows.

use std::collections::BTreeSet;

use contracts::{AccountId, PostId};
use serde::{Deserialize, Serialize};
use serving::{Page, Result};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

use super::moderation::Decision;

/// Unread notifications are counted up to here.
pub(crate) const MOST_UNREAD: i64 = 100;
/// Rows that are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationKind)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// They follow you now.
    Follow,
    /// They ask to follow you.
    FollowRequest,
    /// They let you follow.
    FollowAccepted,
    /// They ask you to be friends.
    FriendRequest,
    /// They agreed to be friends.
    Friend,
    /// You like each other.
    Match,
    /// They mention you.
    Mention,
    /// They answer you.
    Reply,
    /// They react to what you wrote.
    Reaction,
    /// An administrator has looked at what you reported.
    ReportResolved,
    /// An administrator has removed what you wrote.
    PostRemoved,
}

/// A notification in the list.
pub(crate) struct Told {
    pub(crate) number: i64,
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) post: Option<PostId>,
    pub(crate) people: i64,
    pub(crate) read: bool,
    /// What an administrator decided, and of a post that was removed why and what it said.
    pub(crate) decision: Option<Decision>,
    pub(crate) reason: Option<String>,
    pub(crate) said: Option<String>,
    /// The reader's report that it was about.
    pub(crate) report: Option<i64>,
}

/// Somebody behind a notification.
pub(crate) struct Actor {
    pub(crate) notification: i64,
    pub(crate) account: AccountId,
    /// Those who never came here have no profile.
    pub(crate) handle: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) picture_key: Option<String>,
    pub(crate) emoji: Option<String>,
    /// Of a custom emoji that is on.
    pub(crate) emoji_key: Option<String>,
}

/// What `reader` is to be told that `actor` did; or, as it holds no more, not to have been told.
#[derive(Serialize)]
pub(crate) struct Happened {
    pub(crate) reader: AccountId,
    pub(crate) kind: Kind,
    pub(crate) actor: AccountId,
    pub(crate) ended: bool,
}

/// Tells readers what happened, and takes back what ended, in this order, in one statement. A notification behind which nobody stands
/// any more is shown to nobody.
pub(crate) async fn tell(connection: &mut PgConnection, happened: &[Happened]) -> sqlx::Result<()> {
    if happened.is_empty() {
        return Ok(());
    }
    sqlx::query_scalar!(
        r#"select case when ended then untell(reader, kind, actor) else tell(reader, kind, actor, null, null) end as "told!"
           from jsonb_to_recordset($1) as happened (reader bigint, kind text, actor bigint, ended boolean)"#,
        Json(happened) as Json<&[Happened]>,
    )
    .fetch_all(connection)
    .await
    .map(drop)
}

/// Forgets what was told more than a day ago, which may be told anew, and the notifications of it behind which nobody stands.
pub(crate) async fn forget_told(pool: &PgPool) -> sqlx::Result<()> {
    while forget_some(pool).await? {}
    Ok(())
}

/// Forgets some of it; `false` if there is nothing more to be had. What somebody else is at is passed over, and comes another time.
async fn forget_some(pool: &PgPool) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    // Of a notification that is not to be had nothing is forgotten yet: nobody would come back to look who stands behind it.
    let forgotten = sqlx::query_scalar!(
        r#"with old as (
               select account, kind, post, actor, notification from told_lately
               where told_at < now() - interval '1 day' order by told_at limit $1 for update skip locked
           ),
           held as (select n.number from notifications n where n.number in (select notification from old) for update skip locked)
           delete from told_lately t using old
           where t.account = old.account and t.kind = old.kind and t.post = old.post and t.actor = old.actor
               and (
                   old.notification in (select number from held)
                   or not exists (select from notifications n where n.number = old.notification)
               )
           returning t.notification as "notification?""#,
        FORGOTTEN_AT_ONCE,
    )
    .fetch_all(&mut *tx)
    .await?;
    let numbers: Vec<i64> = forgotten.iter().flatten().copied().collect();
    sqlx::query_scalar!(r#"select forget_empty($1) as "any!""#, &numbers).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(!forgotten.is_empty())
}

/// Somebody's notifications, the newest first.
pub(crate) async fn list(pool: &PgPool, reader: AccountId, page: &Page) -> Result<Vec<Told>> {
    let told = if let Some(after) = page.after() {
        sqlx::query_as!(
            Told,
            r#"select n.number as "number!", n.id as "id!", n.kind as "kind!: Kind", n.post as "post?: PostId", people as "people!",
                   n.id <= coalesce((select m.read_up_to from notification_marks m where m.account = $1), 0) as "read!",
                   act.kind as "decision?: Decision", case n.kind when 'post_removed' then act.note end as "reason?",
                   case n.kind when 'post_removed' then act.said end as "said?", n.report as "report?"
               from notifications n cross join lateral people_behind(n) people left join moderation_acts act on act.id = n.act
               where n.account = $1 and n.id > $2 and people > 0 order by n.id limit $3"#,
            reader.0,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Told,
            r#"select n.number as "number!", n.id as "id!", n.kind as "kind!: Kind", n.post as "post?: PostId", people as "people!",
                   n.id <= coalesce((select m.read_up_to from notification_marks m where m.account = $1), 0) as "read!",
                   act.kind as "decision?: Decision", case n.kind when 'post_removed' then act.note end as "reason?",
                   case n.kind when 'post_removed' then act.said end as "said?", n.report as "report?"
               from notifications n cross join lateral people_behind(n) people left join moderation_acts act on act.id = n.act
               where n.account = $1 and n.id < $2 and people > 0 order by n.id desc limit $3"#,
            reader.0,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(told)
}

/// Those of some notifications that are still to be shown.
pub(crate) async fn by_numbers(connection: &mut PgConnection, reader: AccountId, numbers: &[i64]) -> Result<Vec<Told>> {
    Ok(sqlx::query_as!(
        Told,
        r#"select n.number as "number!", n.id as "id!", n.kind as "kind!: Kind", n.post as "post?: PostId", people as "people!",
               n.id <= coalesce((select m.read_up_to from notification_marks m where m.account = $1), 0) as "read!",
               act.kind as "decision?: Decision", case n.kind when 'post_removed' then act.note end as "reason?",
               case n.kind when 'post_removed' then act.said end as "said?", n.report as "report?"
           from notifications n cross join lateral people_behind(n) people left join moderation_acts act on act.id = n.act
           where n.account = $1 and n.number = any($2) and people > 0"#,
        reader.0,
        numbers,
    )
    .fetch_all(connection)
    .await?)
}

/// The last three people behind each of some notifications, the newest first.
pub(crate) async fn actors(connection: &mut PgConnection, reader: AccountId, numbers: &[i64]) -> Result<Vec<Actor>> {
    Ok(sqlx::query_as!(
        Actor,
        r#"select asked.number as "notification!", a.actor as "account!: AccountId", p.handle as "handle?",
               p.display_name as "display_name?", picture_key(p.picture) as "picture_key?", a.emoji as "emoji?",
               case when a.emoji like ':%' then emoji_key(a.emoji) end as "emoji_key?"
           from unnest($2::bigint[]) asked (number)
               cross join lateral (
                   select na.actor, na.emoji, na.id from notification_actors na
                   where na.notification = asked.number and na.actor <> 0 and not is_hidden(na.actor)
                       and na.actor not in (select s.account from silenced($1) s)
                   order by na.id desc limit 3
               ) a
               left join profiles p on p.id = a.actor
           order by asked.number, a.id desc"#,
        reader.0,
        numbers,
    )
    .fetch_all(connection)
    .await?)
}

/// How many are unread, up to a hundred.
pub(crate) async fn unread(pool: &PgPool, reader: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "unread!" from (
               select from notifications n cross join lateral people_behind(n) people
               where n.account = $1 and people > 0
                   and n.id > coalesce((select m.read_up_to from notification_marks m where m.account = $1), 0)
               order by n.id desc limit $2
           ) unread"#,
        reader.0,
        MOST_UNREAD,
    )
    .fetch_one(pool)
    .await?)
}

/// Marks what is there up to a place as read. What is read stays read.
pub(crate) async fn read(pool: &PgPool, reader: AccountId, up_to: i64) -> Result<()> {
    sqlx::query!(
        "insert into notification_marks (account, read_up_to)
         select $1::bigint, least($2::bigint, coalesce((select max(n.id) from notifications n where n.account = $1), 0))
         where not is_gone($1)
         on conflict (account) do update set read_up_to = greatest(notification_marks.read_up_to, excluded.read_up_to)",
        reader.0,
        up_to,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The kinds that somebody has switched off.
pub(crate) async fn muted(pool: &PgPool, reader: AccountId) -> Result<Vec<Kind>> {
    Ok(sqlx::query_scalar!(r#"select kind as "kind: Kind" from notification_mutes where account = $1 order by kind"#, reader as AccountId,)
        .fetch_all(pool)
        .await?)
}

/// Switches these kinds off, and all others on.
pub(crate) async fn mute(connection: &mut PgConnection, reader: AccountId, kinds: &[Kind]) -> Result<()> {
    sqlx::query!("delete from notification_mutes where account = $1", reader as AccountId).execute(&mut *connection).await?;
    // Each once, however often it is named; in one order, so that two who say so at once do not wait for each other in a circle.
    for kind in kinds.iter().collect::<BTreeSet<_>>() {
        sqlx::query!(
            "insert into notification_mutes (account, kind) select $1::bigint, $2::text where not is_gone($1) on conflict do nothing",
            reader as AccountId,
            *kind as Kind,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
