use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Keeps a sealed secret that waits for its first code, in place of another that does; `false` if an app is in use already.
pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId, secret: &[u8]) -> Result<bool> {
    let kept = sqlx::query!(
        "insert into totp (account_id, secret) values ($1, $2)
         on conflict on constraint totp_pkey do update set secret = excluded.secret where totp.confirmed_at is null",
        account as AccountId,
        secret,
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// The sealed secret that waits for its first code.
pub(crate) async fn waiting(connection: &mut PgConnection, account: AccountId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select secret from totp where account_id = $1 and confirmed_at is null", account as AccountId)
        .fetch_optional(connection)
        .await?)
}

/// The sealed secret that is in use.
pub(crate) async fn used(connection: &mut PgConnection, account: AccountId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select secret from totp where account_id = $1 and confirmed_at is not null", account as AccountId)
        .fetch_optional(connection)
        .await?)
}

/// The first code has come, of this time step.
pub(crate) async fn confirm(connection: &mut PgConnection, account: AccountId, step: i64) -> Result<()> {
    sqlx::query!(
        "update totp set confirmed_at = clock_timestamp(), used_step = $2 where account_id = $1 and confirmed_at is null",
        account as AccountId,
        step,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses up the code of a time step; `false` if it or a later one was used before. Of two who bring it at once, one may.
pub(crate) async fn take(connection: &mut PgConnection, account: AccountId, step: i64) -> Result<bool> {
    let taken = sqlx::query!(
        "update totp set used_step = $2 where account_id = $1 and used_step < $2 and confirmed_at is not null",
        account as AccountId,
        step,
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Forgets the app that is in use; `false` if there is none.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    let deleted = sqlx::query!("delete from totp where account_id = $1 and confirmed_at is not null", account as AccountId);
    Ok(deleted.execute(connection).await?.rows_affected() > 0)
}
