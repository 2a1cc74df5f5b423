use contracts::AccountId;
use jiff::Timestamp;
use serving::{OnConstraint, Page, Problem, Result};
use sqlx::{PgConnection, PgPool};

use crate::second_factor::passkeys::{Known, Registered, Stored};

/// A passkey in its owner's list.
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Option<jiff_sqlx::Timestamp>,
}

/// Whose passkey it is, and what its answers are checked against.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) account: AccountId,
    pub(crate) stored: Stored,
}

/// By which an authenticator knows the account.
pub(crate) async fn user(pool: &PgPool, account: AccountId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select passkey_user from accounts where id = $1", account as AccountId).fetch_optional(pool).await?)
}

/// What an authenticator has to be told of the passkeys that there are, so that it makes no second one.
pub(crate) async fn known(pool: &PgPool, account: AccountId) -> Result<Vec<Known>> {
    Ok(sqlx::query_as!(Known, "select credential_id, transports from passkeys where account_id = $1 order by id", account as AccountId)
        .fetch_all(pool)
        .await?)
}

/// Has whoever was asked for the second factor with this challenge any?
pub(crate) async fn are_of_challenged(pool: &PgPool, token_hash: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from passkeys join sign_in_challenges using (account_id) where token_hash = $1) as "there!""#,
        token_hash,
    )
    .fetch_one(pool)
    .await?)
}

/// Keeps a new one; 409 if it was registered before.
pub(crate) async fn insert(connection: &mut PgConnection, account: AccountId, name: &str, passkey: &Registered) -> Result<Listed> {
    sqlx::query_as!(
        Listed,
        "insert into passkeys (account_id, name, credential_id, public_key, state, transports)
         values ($1, $2, $3, $4, $5, $6) returning id, name, created_at, used_at",
        account as AccountId,
        name,
        passkey.credential_id,
        passkey.public_key,
        passkey.state,
        passkey.transports,
    )
    .fetch_one(connection)
    .await
    .on_constraint("passkeys_credential_id_key", || Problem::conflict("passkey-known", "This passkey was registered before."))
}

/// Finds and locks a passkey by what the authenticator calls it: its counter is compared with nobody else in between.
pub(crate) async fn lock(connection: &mut PgConnection, credential_id: &[u8]) -> Result<Option<Found>> {
    let found = sqlx::query!(
        r#"select passkeys.id, account_id as "account: AccountId", passkey_user, public_key, passkeys.state
           from passkeys join accounts on accounts.id = account_id
           where credential_id = $1 for update of passkeys"#,
        credential_id,
    );
    Ok(found.fetch_optional(connection).await?.map(|row| {
        let stored = Stored { user: row.passkey_user, public_key: row.public_key, state: row.state };
        Found { id: row.id, account: row.account, stored }
    }))
}

/// Notes that it was used, and its counter.
pub(crate) async fn used(connection: &mut PgConnection, id: i64, state: &[u8]) -> Result<()> {
    sqlx::query!("update passkeys set state = $2, used_at = clock_timestamp() where id = $1", id, state).execute(connection).await?;
    Ok(())
}

/// The passkeys of an account, in the order of the page and one more than it holds.
pub(crate) async fn list(pool: &PgPool, account: AccountId, page: &Page) -> Result<Vec<Listed>> {
    let listed = if let Some(after) = page.after() {
        sqlx::query_as!(
            Listed,
            "select id, name, created_at, used_at from passkeys where account_id = $1 and id > $2 order by id limit $3",
            account as AccountId,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Listed,
            "select id, name, created_at, used_at from passkeys where account_id = $1 and id < $2
             order by id desc limit $3",
            account as AccountId,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// Every passkey of an account, newest first. There are few.
pub(crate) async fn all(pool: &PgPool, account: AccountId) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        "select id, name, created_at, used_at from passkeys where account_id = $1 order by id desc",
        account as AccountId,
    )
    .fetch_all(pool)
    .await?)
}

/// Names a passkey of an account; `None` if there is no such one.
pub(crate) async fn rename(pool: &PgPool, account: AccountId, id: i64, name: &str) -> Result<Option<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        "update passkeys set name = $3 where id = $1 and account_id = $2 returning id, name, created_at, used_at",
        id,
        account as AccountId,
        name,
    )
    .fetch_optional(pool)
    .await?)
}

/// Forgets a passkey; `false` if there is no such one of theirs.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId, id: i64) -> Result<bool> {
    let deleted = sqlx::query!("delete from passkeys where id = $1 and account_id = $2", id, account as AccountId);
    Ok(deleted.execute(connection).await?.rows_affected() > 0)
}
