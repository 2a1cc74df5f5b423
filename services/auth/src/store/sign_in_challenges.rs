use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// How often a second factor may be tried after one right password.
const MOST_TRIES: i32 = 5;

/// Somebody who gave the right password.
pub(crate) struct Challenged {
    pub(crate) account: AccountId,
    /// The hash of the stored password at that time.
    pub(crate) password_proof: Vec<u8>,
}

pub(crate) async fn insert(pool: &PgPool, token_hash: &[u8], account: AccountId, password_proof: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into sign_in_challenges (token_hash, account_id, password_proof) values ($1, $2, $3)",
        token_hash,
        account as AccountId,
        password_proof,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Counts a try, and says whose; nothing if it is one too many or too late.
pub(crate) async fn count(pool: &PgPool, token_hash: &[u8]) -> Result<Option<Challenged>> {
    Ok(sqlx::query_as!(
        Challenged,
        r#"update sign_in_challenges set tries = tries + 1
           where token_hash = $1 and tries < $2 and expires_at > clock_timestamp()
           returning account_id as "account: AccountId", password_proof"#,
        token_hash,
        MOST_TRIES,
    )
    .fetch_optional(pool)
    .await?)
}

/// Uses it up. Of two who use it at once, one may.
pub(crate) async fn take(connection: &mut PgConnection, token_hash: &[u8]) -> Result<bool> {
    let taken = sqlx::query!("delete from sign_in_challenges where token_hash = $1", token_hash).execute(connection).await?;
    Ok(taken.rows_affected() > 0)
}

/// Deletes those whose time is over.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from sign_in_challenges where expires_at < now()").execute(pool).await?;
    Ok(())
}
