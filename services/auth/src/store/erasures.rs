use contracts::{AccountId, Service};
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

/// Notes that somebody leaves, in so many days. Take the lock of the account first.
pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId, days: u16) -> sqlx::Result<Timestamp> {
    let erase_at = sqlx::query_scalar!(
        "insert into erasures (account_id, erase_at) values ($1, clock_timestamp() + make_interval(days => $2)) returning erase_at",
        account as AccountId,
        i32::from(days),
    )
    .fetch_one(connection)
    .await?;
    Ok(erase_at.to_jiff())
}

/// Notes that somebody is to be erased now, even if they leave already. Take the lock of the account first.
pub(crate) async fn insert_due(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into erasures (account_id, erase_at) values ($1, clock_timestamp())
         on conflict on constraint erasures_pkey do update set erase_at = excluded.erase_at",
        account as AccountId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When somebody who leaves will be erased.
pub(crate) async fn time(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Timestamp>> {
    let erase_at = sqlx::query_scalar!("select erase_at from erasures where account_id = $1 and erased_at is null", account as AccountId)
        .fetch_optional(connection)
        .await?;
    Ok(erase_at.map(|erase_at| erase_at.to_jiff()))
}

/// Notes that somebody stays after all; `false` if their time has come. Take the lock of the account first.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        "delete from erasures where account_id = $1 and erased_at is null and erase_at > clock_timestamp()",
        account as AccountId,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Somebody whose time has come, if there is anybody.
pub(crate) async fn next_due(pool: &PgPool) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"select account_id as "account_id: AccountId" from erasures
           where erased_at is null and erase_at <= clock_timestamp() order by erase_at limit 1"#
    )
    .fetch_optional(pool)
    .await
}

/// Locks an account whose time has come, and says its handle; `None` if its owner stays, or it is erased by now.
pub(crate) async fn lock_due(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select handle from accounts join erasures on account_id = accounts.id
         where accounts.id = $1 and state = 'Leaving' and erased_at is null and erase_at <= clock_timestamp()
         for update of accounts",
        account as AccountId,
    )
    .fetch_optional(connection)
    .await
}

/// Deletes all that is somebody's, but that they were there: what hangs on the account goes with its row.
pub(crate) async fn erase(connection: &mut PgConnection, account: AccountId, handle: &str) -> sqlx::Result<()> {
    // Answers that are kept for whoever asks twice, to a sign-up and to everything later.
    sqlx::query!("delete from idempotency_keys where caller = $1 or caller = $2", account.to_string(), format!("handle:{handle}"))
        .execute(&mut *connection)
        .await?;
    // Letters that are still owed, but for the one that says good-bye.
    sqlx::query!(
        "delete from jobs where kind = 'auth.letter' and (
             payload #>> '{what,EmailVerification,handle}' = $1
             or payload #>> '{what,Notice,handle}' = $1 and payload #>> '{what,Notice,notice}' <> 'Leaving'
             or payload #>> '{what,PasswordResetOf,handle}' = $1
             or payload #>> '{what,PasswordReset,email}' = (select email from accounts where id = $2))",
        handle,
        account as AccountId,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from accounts where id = $1", account as AccountId).execute(&mut *connection).await?;
    sqlx::query!("update erasures set erased_at = clock_timestamp() where account_id = $1", account as AccountId)
        .execute(&mut *connection)
        .await?;
    facts::forget(connection, account).await
}

/// Notes that a service has nothing of an erased account any more, which is one of `services` that have to say so. A second
/// time changes nothing.
pub(crate) async fn forgotten(connection: &mut PgConnection, account: AccountId, service: Service, services: usize) -> sqlx::Result<()> {
    sqlx::query!(
        "update erasures set forgotten_by = array_append(forgotten_by, $2::text),
             forgotten_at = case when cardinality(forgotten_by) + 1 >= $3 then clock_timestamp() end
         where account_id = $1 and erased_at is not null and $2::text <> all (forgotten_by)",
        account as AccountId,
        service.name(),
        i32::try_from(services).expect("there are few services"),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many erased accounts a service has yet to forget.
pub(crate) struct Unforgotten {
    pub(crate) service: String,
    pub(crate) accounts: i64,
    /// Seconds since the oldest of them was erased.
    pub(crate) age: f64,
}

/// The same for each of these services.
pub(crate) async fn unforgotten(pool: &PgPool, services: &[String]) -> sqlx::Result<Vec<Unforgotten>> {
    sqlx::query_as!(
        Unforgotten,
        r#"select service as "service!", count(account_id) as "accounts!",
               coalesce(extract(epoch from clock_timestamp() - min(erased_at)), 0)::float8 as "age!"
           from unnest($1::text[]) as services (service)
               left join erasures on erased_at is not null and forgotten_at is null and service <> all (forgotten_by)
           group by service"#,
        services,
    )
    .fetch_all(pool)
    .await
}
