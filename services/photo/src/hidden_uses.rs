//! Takes what hidden people show out of the counts of those photos, and puts it back when they return, a photo at a time.
//!
//! ```text
//!  account.changed ─► hidden_accounts ─► trigger: hidden_uses_owed ─► step, step, … ─► nothing is owed
//! ```
//!
//! The row is the queue: a replica that is killed leaves it as it is, and the next turn of any replica goes on.

use audience::accounts;
use audience::forgetting::Progress;
use audience::owed::{self, Owed};
use contracts::AccountId;
use sqlx::PgPool;

use crate::store::{hidden_uses, photos};

/// Works until dropped.
pub(crate) async fn run(pool: &PgPool) {
    owed::settle(&Uses(pool)).await;
}

struct Uses<'a>(&'a PgPool);

impl Owed for Uses<'_> {
    const WHAT: &'static str = "count the uses of who is hidden or returns";

    async fn accounts(&self) -> sqlx::Result<Vec<AccountId>> {
        hidden_uses::owed(self.0).await
    }

    /// Puts a photo right: one at a time, so that it is not held while this waits for another.
    async fn step(&self, account: AccountId) -> sqlx::Result<Progress> {
        let mut tx = self.0.begin().await?;
        if !hidden_uses::claim(&mut tx, account).await? {
            return Ok(Progress::Waiting);
        }
        // Until the end nobody hides the account or lets it come back.
        let counts = !accounts::is_barred(&mut tx, account).await?;
        let wrong = hidden_uses::wrong(&mut tx, account, counts).await?;
        let progress = if let Some(photo) = wrong {
            photos::lock(&mut tx, photo).await?;
            hidden_uses::set(&mut tx, account, photo, counts).await?;
            Progress::More
        } else {
            hidden_uses::done(&mut tx, account).await?;
            Progress::Done
        };
        tx.commit().await?;
        Ok(progress)
    }
}
