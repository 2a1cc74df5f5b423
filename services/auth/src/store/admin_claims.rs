use serving::Result;
use sqlx::PgConnection;

/// Uses up a FIRST_ADMIN_TOKEN; `false` if it was used before. Of two who use it at once, one may.
pub(crate) async fn insert(connection: &mut PgConnection, token_hash: &[u8]) -> Result<bool> {
    let claimed = sqlx::query!(
        "insert into admin_claims (token_hash) values ($1) on conflict on constraint admin_claims_pkey do nothing",
        token_hash
    )
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() > 0)
}
