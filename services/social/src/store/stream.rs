use contracts::{AccountId, PostId};
use sqlx::{AssertSqlSafe, PgPool};

use crate::stream::CHANNEL;

/// Events given a position in one go.
const BATCH: i64 = 1000;

/// An event, for somebody.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) position: i64,
    /// What a client sees of that.
    pub(crate) place: i64,
    pub(crate) what: What,
}

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A new post at home.
    Post(PostId),
    /// A post at home that was changed, or is at home since it was.
    Edit(PostId),
    /// A post that is gone, or not for them any more.
    Delete(PostId),
    /// A notification, by its number.
    Notification(i64),
}

/// Gives committed events their positions; `true` if there may be more.
pub(crate) async fn sequence(pool: &PgPool) -> sqlx::Result<bool> {
    let waiting = sqlx::query_scalar!(r#"select exists (select from stream_events where position is null) as "waiting!""#);
    if !waiting.fetch_one(pool).await? {
        return Ok(false);
    }
    let mut tx = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtext('stream'), hashtext('social'))").execute(&mut *tx).await?;
    let placed = sqlx::query!(
        "update stream_events set position = place.position
         from (select id, nextval('stream_positions') as position
               from (select id from stream_events where position is null order by id limit $1) waiting) place
         where stream_events.id = place.id",
        BATCH,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if placed > 0 {
        sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(placed == BATCH.unsigned_abs())
}

/// Deletes events that are older than `keep`, but for the newest: it says how far the positions are.
pub(crate) async fn forget(pool: &PgPool, keep: &str) -> sqlx::Result<()> {
    // Of the oldest positions, which are read by their index: the younger ones need no look.
    let batch = format!(
        "delete from stream_events where position = any(array(
             select position from (
                 select position, created_at from stream_events
                 where position < (select max(position) from stream_events) order by position limit {BATCH}
             ) oldest
             where created_at < now() - interval '{keep}'))"
    );
    while sqlx::query(AssertSqlSafe(batch.clone())).execute(pool).await?.rows_affected() == BATCH.unsigned_abs() {}
    Ok(())
}

/// What a client sees of a position.
pub(crate) async fn veiled(pool: &PgPool, position: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select veiled($1) as "place!""#, position).fetch_one(pool).await
}

/// The position of which a client has seen this; anything, if it was never given that.
pub(crate) async fn unveiled(pool: &PgPool, place: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select unveiled($1) as "position!""#, place).fetch_one(pool).await
}

/// The oldest and the newest position that are still known.
pub(crate) async fn bounds(pool: &PgPool) -> sqlx::Result<(i64, i64)> {
    let bounds =
        sqlx::query!(r#"select coalesce(min(position), 0) as "oldest!", coalesce(max(position), 0) as "newest!" from stream_events"#)
            .fetch_one(pool)
            .await?;
    Ok((bounds.oldest, bounds.newest))
}

/// The last of the next positions, if there are any.
pub(crate) async fn next(pool: &PgPool, from: i64, most: i64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select max(position) from (select position from stream_events where position > $1 order by position limit $2) coming",
        from,
        most,
    )
    .fetch_one(pool)
    .await
}

/// The events after `from` up to `to`, each for everybody among `readers` whom it concerns and who may know, in their order.
pub(crate) async fn routed(pool: &PgPool, from: i64, to: i64, readers: &[i64]) -> sqlx::Result<Vec<(AccountId, Told)>> {
    let rows = sqlx::query!(
        r#"with told as materialized (
               select position, kind, post, author, visibility, mentioned, tags, account, notification
               from stream_events where position > $1 and position <= $2
           )
           select told.position as "position!", veiled(told.position) as "place!", told.kind as "kind!", told.post as "post?: PostId", null::bigint as notification,
               r.id as "reader!: AccountId"
           from told join posts p on p.id = told.post cross join lateral (
               select told.author as id
               union select actor from relations where target = told.author and follows and actor = any($3)
               union select f.account from post_tags t join followed_tags f on f.tag = t.tag where t.post_id = told.post and f.account = any($3)
           ) r
           where told.kind in ('post', 'edit') and r.id = any($3) and at_home(r.id, p)
           union all
           select told.position, veiled(told.position), told.kind, told.post, null, r.id
           from told cross join lateral (
               select told.author as id
               union select actor from relations where target = told.author and follows and actor = any($3)
               union select account from followed_tags where tag = any(told.tags) and account = any($3)
           ) r
           where told.kind = 'delete' and r.id = any($3)
               and may_see(r.id, told.author, told.visibility, r.id = any(told.mentioned))
               and not exists (select from posts p where p.id = told.post and visible(r.id, p))
           union all
           select told.position, veiled(told.position), told.kind, null, told.notification, told.account
           from told where told.kind = 'notification' and told.account = any($3)
           order by 1"#,
        from,
        to,
        readers,
    )
    .fetch_all(pool)
    .await?;
    let told = rows.into_iter().filter_map(|row| {
        let what = match row.kind.as_str() {
            "post" => What::Post(row.post?),
            "edit" => What::Edit(row.post?),
            "delete" => What::Delete(row.post?),
            _ => What::Notification(row.notification?),
        };
        Some((row.reader, Told { position: row.position, place: row.place, what }))
    });
    Ok(told.collect())
}
