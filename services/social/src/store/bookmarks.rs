use contracts::{AccountId, PostId};
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// A post at its place in the list.
pub(crate) struct Bookmark {
    pub(crate) id: i64,
    pub(crate) post: i64,
}

/// May `account` bookmark this post: have they already, or fewer than `most`?
pub(crate) async fn has_room(connection: &mut PgConnection, account: AccountId, post: PostId, most: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from bookmarks where account = $1 and post = $2)
               or (select count(*) from (select from bookmarks where account = $1 limit $3) counted) < $3 as "room!""#,
        account as AccountId,
        post as PostId,
        most,
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId, post: PostId) -> Result<()> {
    sqlx::query!("insert into bookmarks (account, post) values ($1, $2) on conflict do nothing", account as AccountId, post as PostId)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn delete(pool: &PgPool, account: AccountId, post: PostId) -> Result<()> {
    sqlx::query!("delete from bookmarks where account = $1 and post = $2", account as AccountId, post as PostId).execute(pool).await?;
    Ok(())
}

/// What somebody has bookmarked and may still see, the last bookmarked first.
pub(crate) async fn list(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Bookmark>> {
    let bookmarks = if let Some(after) = page.after() {
        sqlx::query_as!(
            Bookmark,
            "select bookmarks.id, post from bookmarks join posts on posts.id = post
             where account = $1 and bookmarks.id > $2 and visible($1, posts) order by bookmarks.id limit $3",
            account as AccountId,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Bookmark,
            "select bookmarks.id, post from bookmarks join posts on posts.id = post
             where account = $1 and bookmarks.id < $2 and visible($1, posts) order by bookmarks.id desc limit $3",
            account as AccountId,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(bookmarks)
}
