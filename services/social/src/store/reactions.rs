use contracts::{AccountId, PostId};
use serving::Result;
use sqlx::PgConnection;

use crate::emoji::Emoji;

/// How often an emoji stands under a post.
pub(crate) struct Count {
    pub(crate) post: PostId,
    pub(crate) emoji: String,
    pub(crate) count: i32,
    pub(crate) mine: bool,
}

/// How much there is already.
pub(crate) struct Room {
    /// Reactions of this account to this post.
    pub(crate) of_account: i64,
    /// Different emoji under this post.
    pub(crate) of_post: i64,
    /// This emoji is under this post.
    pub(crate) known: bool,
}

/// Locks the post, so that caps and counts hold when many react at once, and counts what there is.
pub(crate) async fn room(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: Emoji) -> Result<Room> {
    sqlx::query!("select from posts where id = $1 for no key update", post as PostId).execute(&mut *connection).await?;
    Ok(sqlx::query_as!(
        Room,
        r#"select (select count(*) from reactions where post = $1 and account = $2 and emoji <> $3) as "of_account!",
               (select count(*) from reaction_counts where post = $1) as "of_post!",
               exists (select from reaction_counts where post = $1 and emoji = $3) as "known!""#,
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn insert(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: Emoji) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into reactions (post, account, emoji) values ($1, $2, $3) on conflict do nothing",
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() > 0 {
        sqlx::query!(
            "insert into reaction_counts (post, emoji, count) values ($1, $2, 1)
             on conflict (post, emoji) do update set count = reaction_counts.count + 1",
            post as PostId,
            emoji.as_str(),
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Takes a reaction back. The post must be locked, as [`room`] does.
pub(crate) async fn delete(connection: &mut PgConnection, post: PostId, account: AccountId, emoji: Emoji) -> Result<()> {
    let deleted = sqlx::query!(
        "delete from reactions where post = $1 and account = $2 and emoji = $3",
        post as PostId,
        account as AccountId,
        emoji.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    if deleted.rows_affected() > 0 {
        sqlx::query!("delete from reaction_counts where post = $1 and emoji = $2 and count = 1", post as PostId, emoji.as_str())
            .execute(&mut *connection)
            .await?;
        sqlx::query!("update reaction_counts set count = count - 1 where post = $1 and emoji = $2", post as PostId, emoji.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The reactions to some posts, the most frequent first.
pub(crate) async fn of_posts(connection: &mut PgConnection, viewer: Option<AccountId>, posts: &[i64]) -> Result<Vec<Count>> {
    Ok(sqlx::query_as!(
        Count,
        r#"select post as "post: PostId", emoji, count,
               exists (select from reactions r where r.post = c.post and r.account = $1 and r.emoji = c.emoji) as "mine!"
           from reaction_counts c where post = any($2) order by post, count desc, emoji"#,
        viewer as Option<AccountId>,
        posts,
    )
    .fetch_all(connection)
    .await?)
}
