use contracts::{AccountId, PostId};
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Keeps a post of `author` from being deleted; `false` if there is none. A comment is none: it stands in its thread.
pub(crate) async fn hold(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<bool> {
    let held = sqlx::query!(
        "select from posts where id = $1 and author = $2 and root is null and not exists (select from deletions d where d.post = posts.id)
         for key share",
        id as PostId,
        author as AccountId,
    )
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}

/// How many other posts `author` has pinned. Holds up whoever else asks, until the transaction ends.
pub(crate) async fn count_others(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<i64> {
    sqlx::query!("select from profiles where id = $1 for no key update", author as AccountId).execute(&mut *connection).await?;
    Ok(
        sqlx::query_scalar!(
            r#"select count(*) as "others!" from pins where author = $1 and post <> $2"#,
            author as AccountId,
            id as PostId,
        )
        .fetch_one(connection)
        .await?,
    )
}

pub(crate) async fn insert(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<()> {
    sqlx::query!("insert into pins (post, author) values ($1, $2) on conflict do nothing", id as PostId, author as AccountId)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn delete(connection: &mut PgConnection, id: PostId) -> Result<()> {
    sqlx::query!("delete from pins where post = $1", id as PostId).execute(connection).await?;
    Ok(())
}

/// What `author` has pinned and the viewer may see, the newest post first.
pub(crate) async fn of_author(pool: &PgPool, viewer: Option<AccountId>, author: AccountId) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "select posts.id from pins join posts on posts.id = post where pins.author = $2 and visible($1, posts) order by posts.id desc",
        viewer as Option<AccountId>,
        author as AccountId,
    )
    .fetch_all(pool)
    .await?)
}
