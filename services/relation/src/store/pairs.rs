use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// How the viewer and another account stand to each other.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) following: bool,
    pub(crate) followed_by: bool,
    pub(crate) blocking: bool,
    pub(crate) blocked_by: bool,
}

/// Lets one transaction at a time change what is between two accounts. Always in the same order, so that two who block
/// each other at once wait and never deadlock; and so that their facts are told in the order in which they became true.
pub(crate) async fn lock_pair(connection: &mut PgConnection, one: AccountId, other: AccountId) -> Result<()> {
    let pair = format!("{}:{}", one.min(other), one.max(other));
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", pair).execute(connection).await?;
    Ok(())
}

pub(crate) async fn standing(pool: &PgPool, viewer: AccountId, other: AccountId) -> Result<Standing> {
    Ok(sqlx::query_as!(
        Standing,
        r#"select exists (select from follows where actor = $1 and target = $2) as "following!",
               exists (select from follows where actor = $2 and target = $1) as "followed_by!",
               exists (select from blocks where actor = $1 and target = $2) as "blocking!",
               exists (select from blocks where actor = $2 and target = $1) as "blocked_by!""#,
        viewer as AccountId,
        other as AccountId,
    )
    .fetch_one(pool)
    .await?)
}
