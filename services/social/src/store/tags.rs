use contracts::AccountId;
use contracts::fact::{Fact, InterestChanged};
use contracts::id::TagId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// A tag at its place in the list of what somebody follows.
pub(crate) struct Followed {
    pub(crate) id: i64,
    pub(crate) tag: String,
}

/// Holds up whoever else changes what an account follows, until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("select from profiles where id = $1 for no key update", account as AccountId).execute(connection).await?;
    Ok(())
}

/// How many other tags an account follows. Its profile must be locked.
pub(crate) async fn count_others(connection: &mut PgConnection, account: AccountId, tag: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "others!" from followed_tags where account = $1 and tag <> $2"#,
        account as AccountId,
        tag,
    )
    .fetch_one(connection)
    .await?)
}

/// Follows a tag and tells so, if that is new. The account's profile must be locked, as [`lock`] does: what is told last
/// is then what holds.
pub(crate) async fn follow(connection: &mut PgConnection, account: AccountId, tag: &str) -> Result<()> {
    let followed =
        sqlx::query!("insert into followed_tags (account, tag) values ($1, $2) on conflict do nothing", account as AccountId, tag)
            .execute(&mut *connection)
            .await?;
    match followed.rows_affected() {
        0 => Ok(()),
        _ => tell(connection, account, tag, true).await,
    }
}

/// Unfollows a tag and tells so, if it was followed. The account's profile must be locked.
pub(crate) async fn unfollow(connection: &mut PgConnection, account: AccountId, tag: &str) -> Result<()> {
    let unfollowed = sqlx::query!("delete from followed_tags where account = $1 and tag = $2", account as AccountId, tag)
        .execute(&mut *connection)
        .await?;
    match unfollowed.rows_affected() {
        0 => Ok(()),
        _ => tell(connection, account, tag, false).await,
    }
}

async fn tell(connection: &mut PgConnection, account: AccountId, tag: &str, follows: bool) -> Result<()> {
    // An update where it is known, so that its id comes back in any case.
    let tag = sqlx::query_scalar!(
        r#"insert into tag_ids (tag) values ($1) on conflict (tag) do update set tag = excluded.tag returning id as "id: TagId""#,
        tag,
    )
    .fetch_one(&mut *connection)
    .await?;
    facts::publish(connection, &Fact::InterestChanged(InterestChanged { account, tag, follows })).await?;
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
    let tags = if let Some(after) = page.after() {
        sqlx::query_as!(
            Followed,
            "select id, tag from followed_tags where account = $1 and id > $2 order by id limit $3",
            account as AccountId,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Followed,
            "select id, tag from followed_tags where account = $1 and id < $2 order by id desc limit $3",
            account as AccountId,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(tags)
}
