//! Takes what hidden people said and reacted with out of counts, and puts it back when they return, a batch at a time.
//!
//! ```text
//!  account.changed ─► hidden_accounts: seen by nobody ─► trigger: hidden_counts_owed ─► step, step, … ─► nothing is owed
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

/// How soon counts begin to follow.
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
            Err(error) => tracing::warn!(%error, "failed to look for counts that are behind; trying again"),
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
                tracing::warn!(%error, %account, "failed to bring counts up to who is hidden; trying again");
                return;
            }
        }
    }
}

async fn step(pool: &PgPool, account: AccountId) -> sqlx::Result<Progress> {
    let mut tx = pool.begin().await?;
    // First, and until the end: nobody hides, restores or erases the account meanwhile.
    let is_gone = accounts::is_gone(&mut tx, account).await?;
    let Some(passed) = hidden::claim(&mut tx, account).await? else { return Ok(Progress::Waiting) };
    let progress = if is_gone {
        // What is there goes with what it is of.
        Progress::Done
    } else if accounts::is_barred(&mut tx, account).await? {
        hidden::take_out(&mut tx, account, &passed).await?
    } else {
        hidden::put_back(&mut tx, account).await?
    };
    if progress == Progress::Done {
        hidden::settle(&mut tx, account).await?;
    }
    tx.commit().await?;
    Ok(progress)
}
