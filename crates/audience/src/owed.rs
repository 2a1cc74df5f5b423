//! What is owed since an account was hidden or came back, such as counts that leave it out: a loop that does it a bounded piece at a
//! time.
//!
//! ```text
//!  account.changed ─► hidden_accounts ─► a trigger of the service: something is owed ─► Owed::step, step, … ─► nothing is
//! ```
//!
//! The row of what is owed is the queue: a replica that is killed leaves it as it is, and the next turn of any replica goes on.

use std::time::Duration;

use contracts::AccountId;
use tracing::Instrument;

use crate::forgetting::Progress;

/// How soon it is begun.
const POLL: Duration = Duration::from_millis(500);

/// What a service owes.
pub trait Owed: Send + Sync {
    /// What is done, for spans, and for the log after "failed to".
    const WHAT: &'static str;

    /// Some of the accounts of which something is owed.
    fn accounts(&self) -> impl Future<Output = sqlx::Result<Vec<AccountId>>> + Send;

    /// Does a bounded piece for one account, in a transaction of its own. [`Progress::Waiting`]: another replica is at it.
    fn step(&self, account: AccountId) -> impl Future<Output = sqlx::Result<Progress>> + Send;
}

/// Works until dropped. Every replica runs it: each works on another account.
pub async fn settle<O: Owed>(owed: &O) {
    loop {
        match owed.accounts().await.inspect_err(database::failed) {
            Ok(accounts) => {
                for account in accounts {
                    if let Err(panicked) = telemetry::caught(work_on(owed, account)).await {
                        tracing::warn!(%panicked, %account, "failed to {}; trying again", O::WHAT);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "failed to look for whom to {}; trying again", O::WHAT),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Works on one account. One that fails holds up no other, not even by a panic.
async fn work_on<O: Owed>(owed: &O, account: AccountId) {
    loop {
        let span = tracing::info_span!("accounts.settle", otel.name = O::WHAT, otel.kind = "consumer");
        let step = async {
            owed.step(account).await.inspect_err(|error| {
                database::failed(error);
                tracing::warn!(%error, %account, "failed to {}; trying again", O::WHAT);
            })
        };
        match telemetry::recorded(step, |error| database::said(error)).instrument(span).await {
            Ok(Progress::More) => {}
            Ok(Progress::Waiting | Progress::Done) | Err(_) => return,
        }
    }
}
