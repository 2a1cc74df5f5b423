use contracts::AccountId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// A tag at its place in the list of what somebody follows.
pub(crate) struct Followed {
    pub(crate) id: i64,
    pub(crate) tag: String,
}

/// How many other tags an account follows. Holds up whoever else asks, until the transaction ends.
pub(crate) async fn count_others(connection: &mut PgConnection, account: AccountId, tag: &str) -> Result<i64> {
    sqlx::query!("select from profiles where id = $1 for no key update", account as AccountId).execute(&mut *connection).await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "others!" from followed_tags where account = $1 and tag <> $2"#,
        account as AccountId,
        tag,
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn follow(connection: &mut PgConnection, account: AccountId, tag: &str) -> Result<()> {
    sqlx::query!("insert into followed_tags (account, tag) values ($1, $2) on conflict do nothing", account as AccountId, tag)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn unfollow(pool: &PgPool, account: AccountId, tag: &str) -> Result<()> {
    sqlx::query!("delete from followed_tags where account = $1 and tag = $2", account as AccountId, tag).execute(pool).await?;
    Ok(())
}

pub(crate) async fn is_followed(pool: &PgPool, account: AccountId, tag: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from followed_tags where account = $1 and tag = $2) as "followed!""#,
        account as AccountId,
        tag,
    )
    .fetch_one(pool)
    .await?)
}

/// What somebody follows, the last followed first.
pub(crate) async fn followed(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Followed>> {
    let tags = if page.ascending() {
        sqlx::query_as!(
            Followed,
            "select id, tag from followed_tags where account = $1 and id > $2 order by id limit $3",
            account as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Followed,
            "select id, tag from followed_tags where account = $1 and id < $2 and id > $3 order by id desc limit $4",
            account as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(tags)
}
