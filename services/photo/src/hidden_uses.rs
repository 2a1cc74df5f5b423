//! Takes what hidden people show out of the counts of those photos, and puts it back when they return, a photo at a time.
//!
//! ```text
//!  account.changed ─► hidden_accounts ─► trigger: hidden_uses_owed ─► step, step, … ─► nothing is owed
//! ```
//!
//! The row is the queue: a replica that is killed leaves it as it is, and the next turn of any replica goes on.

use std::time::Duration;

use audience::accounts;
use contracts::AccountId;
use sqlx::PgPool;

use crate::store::{hidden_uses, photos};

/// How soon counts begin to follow.
const POLL: Duration = Duration::from_millis(500);

/// Works until dropped. Every replica runs it: each works on another account.
pub(crate) async fn run(pool: &PgPool) {
    loop {
        match hidden_uses::owed(pool).await {
            Ok(accounts) => {
                for account in accounts {
                    if let Err(panicked) = telemetry::caught(work_on(pool, account)).await {
                        tracing::warn!(%panicked, %account, "failed to count the uses of who is hidden or returns; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "failed to look for uses that count wrongly; trying again"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Works on one account. One that fails holds up no other, not even by a panic.
async fn work_on(pool: &PgPool, account: AccountId) {
    loop {
        match step(pool, account).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, %account, "failed to count the uses of who is hidden or returns; trying again");
                return;
            }
        }
    }
}

/// Puts a photo right: one at a time, so that it is not held while this waits for another. `false` if there is no more to do, or
/// another replica does it.
async fn step(pool: &PgPool, account: AccountId) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    if !hidden_uses::claim(&mut tx, account).await? {
        return Ok(false);
    }
    // Until the end nobody hides the account or lets it come back.
    let counts = !accounts::is_barred(&mut tx, account).await?;
    let wrong = hidden_uses::wrong(&mut tx, account, counts).await?;
    if let Some(photo) = wrong {
        photos::lock(&mut tx, photo).await?;
        hidden_uses::set(&mut tx, account, photo, counts).await?;
    } else {
        hidden_uses::done(&mut tx, account).await?;
    }
    tx.commit().await?;
    Ok(wrong.is_some())
}
