//! What whoever runs the platform does from the command line, past every route: administrators, and who is erased.

use contracts::fact::{AccountChanged, AccountState, Fact};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::store::security_events::{self, Kind};
use crate::store::{accounts, erasures, sessions};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody has this handle.
    #[error("nobody has the handle {0:?}")]
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

/// Has somebody erased, suspended or not: hidden and signed out at once, and erased for good by the platform that runs, in a
/// moment. There is no grace: whoever cannot sign in to leave cannot sign in to stay either. `connection` may be the owner's or
/// auth's.
pub async fn erase_account(connection: &mut PgConnection, handle: &str) -> Result<(), AdminError> {
    let handle = plain(handle);
    let mut tx = connection.begin().await?;
    with_names_of_auth(&mut tx).await?;
    let account = accounts::leave_by_handle(&mut tx, &handle).await?.ok_or(AdminError::NoSuchAccount(handle))?;
    erasures::insert_due(&mut tx, account).await?;
    sessions::end_all(&mut tx, account, None).await?;
    let hidden = AccountChanged { account, state: AccountState::Hidden };
    facts::publish(&mut tx, &Fact::AccountChanged(hidden)).await?;
    security_events::insert(&mut tx, Kind::ErasureAsked, Some(account), None, json!({ "by": "the command line" })).await?;
    tx.commit().await?;
    Ok(())
}

/// A handle as it is stored, however it was typed.
fn plain(handle: &str) -> String {
    handle.trim().trim_start_matches('@').to_ascii_lowercase()
}

/// The owner's names mean other things.
async fn with_names_of_auth(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("set local search_path = auth, extensions").execute(connection).await.map(drop)
}

async fn set(connection: &mut PgConnection, handle: &str, admin: bool) -> Result<(), AdminError> {
    let handle = plain(handle);
    let mut tx = connection.begin().await?;
    with_names_of_auth(&mut tx).await?;
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
