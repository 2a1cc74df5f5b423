//! Notes near whom somebody is who is hidden, so that counts leave them out, and forgets it when they return, a batch at a time.
//!
//! ```text
//!  account.changed ─► hidden_accounts: in no count ─► trigger: hidden_counts_owed ─► step, step, … ─► nothing is owed
//! ```
//!
//! The row is the queue, and says how far it is: a replica that is killed leaves it as it is, and the next turn of any replica goes
//! on. Which way it goes is asked in every step, under the lock that whoever hides an account or lets it come back waits for.

use std::time::Duration;

use audience::accounts;
use audience::forgetting::Progress;
use contracts::AccountId;
use sqlx::PgPool;

use crate::store::hidden;

/// How soon it begins.
const POLL: Duration = Duration::from_millis(500);

/// Works until dropped. Every replica runs it: each works on another account.
pub(crate) async fn run(pool: &PgPool) {
    loop {
        match hidden::owed(pool).await {
            Ok(accounts) => {
                for account in accounts {
                    work_on(pool, account).await;
                }
            }
            Err(error) => tracing::warn!(%error, "failed to look for accounts that were hidden; trying again"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Works on one account. One that fails holds up no other.
async fn work_on(pool: &PgPool, account: AccountId) {
    loop {
        match step(pool, account).await {
            Ok(Progress::More) => {}
            Ok(Progress::Waiting | Progress::Done) => return,
            Err(error) => {
                tracing::warn!(%error, %account, "failed to note near whom a hidden account is; trying again");
                return;
            }
        }
    }
}

async fn step(pool: &PgPool, account: AccountId) -> sqlx::Result<Progress> {
    let mut tx = pool.begin().await?;
    // For its lock, first and until the end: nobody hides the account or lets it come back meanwhile.
    accounts::is_gone(&mut tx, account).await?;
    let Some(passed) = hidden::claim(&mut tx, account).await? else { return Ok(Progress::Waiting) };
    let progress = match hidden::is_hidden(&mut tx, account).await? {
        true => hidden::note(&mut tx, account, passed).await?,
        false => hidden::forget(&mut tx, account).await?,
    };
    if progress == Progress::Done {
        hidden::settle(&mut tx, account).await?;
    }
    tx.commit().await?;
    Ok(progress)
}
