use contracts::{AccountId, SessionId};
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Devices that are kept of one account.
pub(crate) const MOST: i64 = 20;

/// Keeps a device of an account, or that it was used again. The longest unused ones make room.
pub(crate) async fn keep(connection: &mut PgConnection, account: AccountId, token_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into devices (token_hash, account_id) values ($1, $2)
         on conflict on constraint devices_pkey do update set used_at = clock_timestamp()",
        token_hash,
        account as AccountId,
    )
    .execute(&mut *connection)
    .await?;
    make_room(connection, account, token_hash).await
}

/// Forgets the devices of an account that were not used for the longest, if there are too many; never the one of this hash.
pub(super) async fn make_room(connection: &mut PgConnection, account: AccountId, kept: &[u8]) -> Result<()> {
    sqlx::query!(
        "delete from devices where token_hash = any(array(
             select token_hash from devices where account_id = $1 and token_hash <> $2 order by used_at desc, token_hash offset $3))",
        account as AccountId,
        kept,
        MOST - 1,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Has this account signed in on this device before?
pub(crate) async fn is_known(pool: &PgPool, account: AccountId, token_hash: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from devices where token_hash = $1 and account_id = $2
                              and used_at > now() - interval '1 year') as "known!""#,
        token_hash,
        account as AccountId,
    )
    .fetch_one(pool)
    .await?)
}

/// Who has signed in on this device before, if anybody.
pub(crate) async fn owner(pool: &PgPool, token_hash: &[u8]) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select account_id as "account: AccountId" from devices where token_hash = $1 and used_at > now() - interval '1 year'"#,
        token_hash,
    )
    .fetch_optional(pool)
    .await?)
}

/// Forgets all devices of an account.
pub(crate) async fn delete_all(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("delete from devices where account_id = $1", account as AccountId).execute(connection).await?;
    Ok(())
}

/// Forgets all devices of an account but the one on which this session began; that one too, if nobody knows which it was.
pub(crate) async fn delete_others(connection: &mut PgConnection, account: AccountId, session: SessionId) -> Result<()> {
    sqlx::query!(
        "delete from devices
         where account_id = $1 and token_hash is distinct from (select device_hash from sessions where id = $2)",
        account as AccountId,
        session as SessionId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes those that nobody has used for a year.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from devices where used_at < now() - interval '1 year'").execute(pool).await?;
    Ok(())
}
