use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Keeps these in place of all that there were.
pub(crate) async fn replace(connection: &mut PgConnection, account: AccountId, hashes: &[Vec<u8>]) -> Result<()> {
    delete_all(connection, account).await?;
    sqlx::query!(
        "insert into recovery_codes (account_id, code_hash) select $1::bigint, unnest($2::bytea[])",
        account as AccountId,
        hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a code up; `false` if it is none of theirs, or was used before. Of two who bring it at once, one may.
pub(crate) async fn take(connection: &mut PgConnection, account: AccountId, hash: &[u8]) -> Result<bool> {
    let taken = sqlx::query!("delete from recovery_codes where account_id = $1 and code_hash = $2", account as AccountId, hash);
    Ok(taken.execute(connection).await?.rows_affected() > 0)
}

/// Makes all codes of an account worthless.
pub(crate) async fn delete_all(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("delete from recovery_codes where account_id = $1", account as AccountId).execute(connection).await?;
    Ok(())
}
