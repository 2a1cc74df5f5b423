use contracts::AccountId;
use jiff::Timestamp;
use serving::{OnConstraint, Problem, Result};
use sqlx::{PgConnection, PgPool};

use crate::handle::Handle;

pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) created_at: Timestamp,
}

pub(crate) struct Credentials {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) password_hash: String,
}

/// Makes an account; 409 if the handle is taken.
pub(crate) async fn insert(connection: &mut PgConnection, handle: &Handle, password_hash: &str) -> Result<Account> {
    let row = sqlx::query!(
        r#"insert into accounts (handle, password_hash) values ($1, $2)
           returning id as "id: AccountId", handle, created_at"#,
        handle.as_str(),
        password_hash,
    )
    .fetch_one(connection)
    .await
    .on_constraint("accounts_handle_key", || Problem::conflict("handle-taken", "This handle is taken; choose another one."))?;
    Ok(Account { id: row.id, handle: row.handle, created_at: row.created_at.to_jiff() })
}

pub(crate) async fn find(pool: &PgPool, id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query!(r#"select id as "id: AccountId", handle, created_at from accounts where id = $1"#, id as AccountId)
        .fetch_optional(pool)
        .await?;
    Ok(row.map(|row| Account { id: row.id, handle: row.handle, created_at: row.created_at.to_jiff() }))
}

pub(crate) async fn credentials(pool: &PgPool, handle: &str) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as!(Credentials, r#"select id as "id: AccountId", handle, password_hash from accounts where handle = $1"#, handle,)
        .fetch_optional(pool)
        .await?)
}
