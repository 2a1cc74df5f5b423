use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

use crate::second_factor::passkeys::Asked;

/// Keeps what an authenticator is asked; `account` is who registers a passkey, and nobody where somebody signs in.
pub(crate) async fn insert(pool: &PgPool, account: Option<AccountId>, asked: &Asked) -> Result<()> {
    sqlx::query!(
        "insert into passkey_challenges (challenge_hash, account_id, state) values ($1, $2, $3)",
        asked.challenge_hash,
        account as Option<AccountId>,
        asked.state,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Uses a challenge up, and says what the answer is checked against. Of two who answer at once, one finds it.
pub(crate) async fn take(connection: &mut PgConnection, account: Option<AccountId>, challenge_hash: &[u8]) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "delete from passkey_challenges
         where challenge_hash = $1 and account_id is not distinct from $2 and expires_at > clock_timestamp() returning state",
        challenge_hash,
        account as Option<AccountId>,
    )
    .fetch_optional(connection)
    .await?)
}

/// Deletes those whose time is over.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from passkey_challenges where expires_at < now()").execute(pool).await?;
    Ok(())
}
