//! Administrators, as whoever runs the platform makes them: from the command line, past every route.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::store::security_events::{self, Kind};
use crate::store::{accounts, sessions};

/// Why somebody was not made an administrator, or went on being one.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody has this handle.
    #[error("nobody has the handle {0:?}: sign up first, then try again")]
    NoSuchAccount(String),
    /// Anything else.
    #[error("failed to change the account")]
    Database(#[from] sqlx::Error),
}

/// Makes somebody an administrator, and approves their account if it waits for that. They have to refresh their tokens or sign
/// in again to be one. `connection` may be the owner's or auth's.
pub async fn grant_admin(connection: &mut PgConnection, handle: &str) -> Result<(), AdminError> {
    set(connection, handle, true).await
}

/// Makes somebody an administrator no more, and ends their sessions: tokens that say otherwise are worth nothing.
pub async fn revoke_admin(connection: &mut PgConnection, handle: &str) -> Result<(), AdminError> {
    set(connection, handle, false).await
}

async fn set(connection: &mut PgConnection, handle: &str, admin: bool) -> Result<(), AdminError> {
    let handle = handle.trim().trim_start_matches('@').to_ascii_lowercase();
    let mut tx = connection.begin().await?;
    // The owner's names mean other things.
    sqlx::query("set local search_path = auth, extensions").execute(&mut *tx).await?;
    let account = accounts::set_admin_by_handle(&mut tx, &handle, admin).await?.ok_or(AdminError::NoSuchAccount(handle))?;
    let kind = match admin {
        true => Kind::AdminGranted,
        false => {
            sessions::end_all(&mut tx, account, None).await?;
            Kind::AdminRevoked
        }
    };
    security_events::insert(&mut tx, kind, Some(account), None, json!({ "by": "the command line" })).await?;
    tx.commit().await?;
    Ok(())
}
