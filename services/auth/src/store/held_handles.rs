use contracts::AccountId;
use sqlx::{PgConnection, PgPool};

/// Holds a handle for a while; `account` may have it back, if anybody.
pub(crate) async fn insert(connection: &mut PgConnection, handle_hash: &[u8], account: Option<AccountId>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into held_handles (handle_hash, account_id) values ($1, $2)
         on conflict on constraint held_handles_pkey do update set account_id = excluded.account_id, until = excluded.until",
        handle_hash,
        account as Option<AccountId>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Is it held, and not for `account`?
pub(crate) async fn is_held(connection: &mut PgConnection, handle_hash: &[u8], account: Option<AccountId>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from held_handles where handle_hash = $1 and until > clock_timestamp()
                              and ($2::bigint is null or account_id is distinct from $2)) as "held!""#,
        handle_hash,
        account as Option<AccountId>,
    )
    .fetch_one(connection)
    .await
}

/// How many are held for this account.
pub(crate) async fn count(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from held_handles where account_id = $1 and until > clock_timestamp()"#,
        account as AccountId,
    )
    .fetch_one(connection)
    .await
}

/// Holds it no more: whoever gave it up has it back.
pub(crate) async fn delete(connection: &mut PgConnection, handle_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from held_handles where handle_hash = $1", handle_hash).execute(connection).await?;
    Ok(())
}

/// Deletes those that were held long enough.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from held_handles where until < now()").execute(pool).await?;
    Ok(())
}
