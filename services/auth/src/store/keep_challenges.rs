use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Somebody who was asked whether they stay.
pub(crate) struct Asked {
    pub(crate) account: AccountId,
    /// The hash of the stored password at that time.
    pub(crate) password_proof: Vec<u8>,
    /// What they showed besides the password, or in its place.
    pub(crate) second_factor: Option<String>,
}

pub(crate) async fn insert(connection: &mut PgConnection, token_hash: &[u8], asked: &Asked) -> Result<()> {
    sqlx::query!(
        "insert into keep_challenges (token_hash, account_id, password_proof, second_factor) values ($1, $2, $3, $4)",
        token_hash,
        asked.account as AccountId,
        asked.password_proof,
        asked.second_factor.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a challenge up, and says who was asked. Of two who answer at once, one finds it.
pub(crate) async fn take(pool: &PgPool, token_hash: &[u8]) -> Result<Option<Asked>> {
    Ok(sqlx::query_as!(
        Asked,
        r#"delete from keep_challenges where token_hash = $1 and expires_at > clock_timestamp()
           returning account_id as "account: AccountId", password_proof, second_factor"#,
        token_hash,
    )
    .fetch_optional(pool)
    .await?)
}

/// Deletes those whose time is over.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from keep_challenges where expires_at < now()").execute(pool).await?;
    Ok(())
}
