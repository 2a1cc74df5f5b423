use contracts::AccountId;
use serde_json::Value;
use serving::Result;
use sqlx::PgPool;

use super::lists::List;

/// One line of a list that its owner takes along.
pub(crate) struct Exported {
    pub(crate) id: AccountId,
    /// As relation last heard it; who has never written to relation has none here.
    pub(crate) handle: Option<String>,
    /// Of a mute: it holds for notifications too.
    pub(crate) notifications: bool,
    /// Of a mute: when it ends, in Unix seconds; `None` for one without an end.
    pub(crate) until: Option<i64>,
}

/// When somebody was last here, and on which day they last wrote for everybody; each `null` where it is not known.
pub(crate) async fn activity(pool: &PgPool, owner: AccountId) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'seen_at', (select seen_at from people where id = $1), 'posted_on', (select day from postings where account = $1)
           ) as "activity!""#,
        owner as AccountId,
    )
    .fetch_one(pool)
    .await?)
}

/// A whole list of the owner's own, the oldest first: one that has a limit.
pub(crate) async fn all(pool: &PgPool, list: List, owner: AccountId) -> Result<Vec<Exported>> {
    Ok(sqlx::query_as!(
        Exported,
        r#"select listed.account as "id!: AccountId", people.handle as "handle?",
               coalesce(mutes.notifications, false) as "notifications!", extract(epoch from mutes.until)::bigint as "until?"
           from listed
           left join people on people.id = listed.account
           left join mutes on mutes.actor = $2 and mutes.target = listed.account
           where listed.list = $1 and listed.owner = $2 and listed.maker = $2
           order by listed.id"#,
        list.name(),
        owner as AccountId,
    )
    .fetch_all(pool)
    .await?)
}

/// Some of a list of the owner's own, those after a place in it, and the place of the last.
pub(crate) async fn page(pool: &PgPool, list: List, owner: AccountId, after: i64, most: i64) -> Result<(Vec<Exported>, Option<i64>)> {
    let rows = sqlx::query!(
        r#"select listed.id as "place!", listed.account as "account!: AccountId", people.handle as "handle?",
               coalesce(mutes.notifications, false) as "notifications!", extract(epoch from mutes.until)::bigint as "until?"
           from listed
           left join people on people.id = listed.account
           left join mutes on mutes.actor = $2 and mutes.target = listed.account
           where listed.list = $1 and listed.owner = $2 and (listed.maker = $2 or not listed.withheld) and listed.id > $3
               and (listed.maker = $2 or not is_hidden(listed.account))
           order by listed.id limit $4"#,
        list.name(),
        owner as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?;
    let last = rows.last().map(|row| row.place);
    let people =
        rows.into_iter().map(|row| Exported { id: row.account, handle: row.handle, notifications: row.notifications, until: row.until });
    Ok((people.collect(), last))
}

/// Whom the owner likes, whether they like back or not: those after a place, and the place of the last.
pub(crate) async fn likes(pool: &PgPool, owner: AccountId, after: i64, most: i64) -> Result<(Vec<Exported>, Option<i64>)> {
    let rows = sqlx::query!(
        r#"select liked.id as "place!", liked.account as "account!: AccountId", people.handle as "handle?"
           from (
               select id, high as account from likes where low = $1 and low_likes
               union all
               select id, low from likes where high = $1 and high_likes
           ) liked
           left join people on people.id = liked.account
           where liked.id > $2 order by liked.id limit $3"#,
        owner as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?;
    let last = rows.last().map(|row| row.place);
    let people = rows.into_iter().map(|row| Exported { id: row.account, handle: row.handle, notifications: false, until: None });
    Ok((people.collect(), last))
}

/// What the owner has noted of somebody.
pub(crate) struct Noted {
    pub(crate) target: AccountId,
    pub(crate) text: String,
}

/// Some of the owner's notes, by the ids of those whom they are about.
pub(crate) async fn notes(pool: &PgPool, owner: AccountId, after: i64, most: i64) -> Result<Vec<Noted>> {
    Ok(sqlx::query_as!(
        Noted,
        r#"select target as "target: AccountId", text from notes where author = $1 and target > $2 order by target limit $3"#,
        owner as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}
