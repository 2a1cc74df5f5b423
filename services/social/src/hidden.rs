//! Takes what hidden people said and reacted with out of counts, and puts it back when they return, a batch at a time.
//!
//! ```text
//!  account.changed ─► hidden_accounts: seen by nobody ─► trigger: hidden_counts_owed ─► step, step, … ─► nothing is owed
//! ```
//!
//! The row is the queue, and says how far it is: a replica that is killed leaves it as it is, and the next turn of any replica goes
//! on. Which way it goes is asked in every step, under the lock that whoever hides an account or lets it come back waits for.

use audience::accounts;
use audience::forgetting::Progress;
use audience::owed::{self, Owed};
use contracts::AccountId;
use sqlx::PgPool;

use crate::store::hidden;

/// Works until dropped.
pub(crate) async fn run(pool: &PgPool) {
    owed::settle(&Counts(pool)).await;
}

struct Counts<'a>(&'a PgPool);

impl Owed for Counts<'_> {
    const WHAT: &'static str = "bring counts up to who is hidden";

    async fn accounts(&self) -> sqlx::Result<Vec<AccountId>> {
        hidden::owed(self.0).await
    }

    async fn step(&self, account: AccountId) -> sqlx::Result<Progress> {
        let mut tx = self.0.begin().await?;
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
}
