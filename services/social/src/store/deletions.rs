//! What is deleted bit by bit: see [`crate::deletions`].

use contracts::PostId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Rows that go with a post in its author's request.
const MOST_AT_ONCE: i64 = 1000;
/// Comments that are deleted in one transaction.
const COMMENTS: i64 = 200;

/// Would more rows go with this post or comment than at once? Counts no further than it has to.
pub(crate) async fn is_much(connection: &mut PgConnection, id: PostId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"with thread as materialized (select $1::bigint as id union all (select id from posts where root = $1 limit $2::bigint)),
           below as (
               select from thread
               union all
               select from thread t cross join lateral (select from reactions where post = t.id limit $2) r
               union all
               select from thread t cross join lateral (select from bookmarks where post = t.id limit $2) b
               union all
               select from thread t cross join lateral (
                   select from notifications n join notification_actors a on a.notification = n.number where n.post = t.id limit $2
               ) a
               union all
               select from posts where parent = $1 and root <> $1
               limit $2 + 1
           )
           select count(*) > $2 as "much!" from below"#,
        id.0,
        MOST_AT_ONCE,
    )
    .fetch_one(connection)
    .await?)
}

/// Hides it, and all below it, until it is gone.
pub(crate) async fn begin(connection: &mut PgConnection, id: PostId) -> Result<()> {
    // It counts as no answer from now on, also where that of its author would be taken out of a count, and as no pin.
    sqlx::query!(
        "with hidden as (delete from hidden_answers where comment = $1),
         pinned as (delete from pins where post = $1),
         answered as (update posts set parent = null where id = $1 and parent is not null)
         insert into deletions (post) values ($1)",
        id as PostId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is being deleted with this post or comment: itself, or its root.
pub(crate) async fn begun(connection: &mut PgConnection, id: PostId) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(
        r#"select d.post as "post: PostId" from posts p join deletions d on d.post in (p.id, p.root)
           where p.id = $1 order by d.post limit 1"#,
        id as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

/// The next that nobody is at; its thread is locked.
pub(crate) async fn next(connection: &mut PgConnection) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(
        r#"select d.post as "post: PostId"
           from deletions d join posts p on p.id = d.post join posts thread on thread.id = coalesce(p.root, p.id)
           order by d.failures, d.post limit 1 for update of thread skip locked"#,
    )
    .fetch_optional(connection)
    .await?)
}

/// A step of it has failed: others come before it is tried again.
pub(crate) async fn pass_over(pool: &PgPool, id: PostId) -> Result<()> {
    sqlx::query!("update deletions set failures = failures + 1 where post = $1", id as PostId).execute(pool).await?;
    Ok(())
}

/// The next that go: the newest comments below it, so that answers go before what they answer; at last, itself.
pub(crate) async fn batch(connection: &mut PgConnection, id: PostId) -> Result<Vec<i64>> {
    let comments = sqlx::query_scalar!("select id from posts where root = $1 order by id desc limit $2", id as PostId, COMMENTS)
        .fetch_all(connection)
        .await?;
    Ok(if comments.is_empty() { vec![id.0] } else { comments })
}

/// Takes some of the answers to a comment from it: they stay in the thread. `false` if there are none.
pub(crate) async fn let_answers_go(connection: &mut PgConnection, id: PostId) -> Result<bool> {
    let answers = sqlx::query!(
        "update posts set parent = null where id = any(array(select id from posts where parent = $1 limit $2))",
        id as PostId,
        super::clearing::ROWS,
    )
    .execute(connection)
    .await?;
    Ok(answers.rows_affected() > 0)
}
