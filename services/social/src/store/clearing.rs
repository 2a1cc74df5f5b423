//! Takes away what others made of posts, but for their answers: so many rows at a time, however many there are. The threads must be
//! locked. Each function says whether there was anything.

use serving::Result;
use sqlx::PgConnection;

/// Rows of one table that are changed in one transaction.
pub(crate) const ROWS: i64 = 1000;

/// Deletes some of the notifications, reactions or bookmarks; `false` if there are none.
pub(crate) async fn clear(connection: &mut PgConnection, posts: &[i64]) -> Result<bool> {
    Ok(notifications(connection, posts).await? || reactions(connection, posts).await? || bookmarks(connection, posts).await?)
}

async fn notifications(connection: &mut PgConnection, posts: &[i64]) -> Result<bool> {
    // First who stands behind them: any number of people would go with one.
    let actors = sqlx::query!(
        "delete from notification_actors where ctid = any(array(
             select a.ctid from notifications n join notification_actors a on a.notification = n.number where n.post = any($1) limit $2
         ))",
        posts,
        ROWS,
    )
    .execute(&mut *connection)
    .await?;
    if actors.rows_affected() > 0 {
        return Ok(true);
    }
    let told = sqlx::query!(
        "delete from notifications where ctid = any(array(select ctid from notifications where post = any($1) limit $2))",
        posts,
        ROWS,
    )
    .execute(connection)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// With their counts.
async fn reactions(connection: &mut PgConnection, posts: &[i64]) -> Result<bool> {
    let gone = sqlx::query!(
        r#"with gone as (
               delete from reactions where ctid = any(array(select ctid from reactions where post = any($1) limit $2))
               returning post, emoji
           ),
           counted as (select post, emoji, count(*) as count from gone group by post, emoji),
           -- What is at zero goes. The two parts change different rows.
           emptied as (
               delete from reaction_counts c using counted
               where c.post = counted.post and c.emoji = counted.emoji and c.count <= counted.count
           ),
           lowered as (
               update reaction_counts c set count = c.count - counted.count from counted
               where c.post = counted.post and c.emoji = counted.emoji and c.count > counted.count
           )
           select count(*) as "gone!" from gone"#,
        posts,
        ROWS,
    )
    .fetch_one(connection)
    .await?;
    Ok(gone.gone > 0)
}

async fn bookmarks(connection: &mut PgConnection, posts: &[i64]) -> Result<bool> {
    let kept = sqlx::query!(
        "delete from bookmarks where ctid = any(array(select ctid from bookmarks where post = any($1) limit $2))",
        posts,
        ROWS,
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}
