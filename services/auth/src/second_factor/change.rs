//! What changes of somebody's second factor.

use contracts::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serving::{Problem, Result};
use sqlx::PgConnection;

use super::recovery_codes;
use crate::password::Password;
use crate::post::Notice;
use crate::source::Source;
use crate::store::accounts::Account;
use crate::store::second_factors;
use crate::store::security_events::{self, Kind};
use crate::{State, store};

/// What happened to somebody's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    TotpAdded,
    TotpRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
}

/// Recovery codes for whoever has just got a first factor and has none; nothing for others. Their account is locked.
pub(crate) async fn first_codes(connection: &mut PgConnection, account: AccountId) -> Result<Option<Vec<String>>> {
    let has = second_factors::of(&mut *connection, account).await?;
    match has.recovery_codes {
        0 => new_codes(connection, account).await.map(Some),
        _ => Ok(None),
    }
}

/// Recovery codes in place of those that there were.
pub(crate) async fn new_codes(connection: &mut PgConnection, account: AccountId) -> Result<Vec<String>> {
    let codes = recovery_codes::make()?;
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| recovery_codes::hash(code)).collect();
    store::recovery_codes::replace(connection, account, &hashes).await?;
    Ok(codes)
}

/// A factor was removed just now. If it was the last one, the password has to be as long again as where it is all that
/// protects, and the recovery codes go. The account is locked, and `password` is its password.
pub(crate) async fn removed(auth: &State, connection: &mut PgConnection, account: &Account, password: &Password) -> Result<()> {
    if second_factors::of(&mut *connection, account.id).await?.on() {
        return Ok(());
    }
    if password.check_new(false, &[account.handle.as_str(), auth.host()]).is_err() {
        let detail = "Without a second factor, your password has to be longer or another one. Change it to one of 15 characters or more, \
                      then remove this.";
        return Err(Problem::conflict("password-too-short", detail));
    }
    store::recovery_codes::delete_all(connection, account.id).await
}

/// Writes down what happened to somebody's second factor, and tells them by mail if there is an address.
pub(crate) async fn tell(
    auth: &State,
    connection: &mut PgConnection,
    account: &Account,
    change: Change,
    source: &Source,
    details: Value,
) -> Result<()> {
    let kind = match change {
        Change::TotpAdded => Kind::TotpAdded,
        Change::TotpRemoved => Kind::TotpRemoved,
        Change::PasskeyAdded => Kind::PasskeyAdded,
        Change::PasskeyRemoved => Kind::PasskeyRemoved,
        Change::RecoveryCodesMade => Kind::RecoveryCodesMade,
        Change::RecoveryCodeUsed => Kind::RecoveryCodeUsed,
    };
    auth.post.notice(connection, Notice::SecondFactor(change), &account.handle, account.email.as_deref()).await?;
    security_events::insert(connection, kind, Some(account.id), Some(source), details).await?;
    Ok(())
}
