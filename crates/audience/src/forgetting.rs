//! Forgetting whom auth has erased: a loop that deletes what a service keeps, a bounded piece at a time, and tells auth when nothing
//! is left.
//!
//! ```text
//!  account.erased ─► accounts::erase: `erasing` ─► Forget::forget, forget, … ─► one transaction: `erased`, account.forgotten
//! ```
//!
//! The row is the queue: a replica that is killed leaves it as it is, and the next turn of any replica goes on.

use std::time::Duration;

use contracts::fact::{AccountForgotten, Fact};
use contracts::{AccountId, Service};
use facts::Outbox;
use serving::Result;
use sqlx::PgPool;
use tracing::Instrument;

/// How soon an erasure is begun.
const POLL: Duration = Duration::from_millis(500);

/// When one that waits is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something was deleted, and there may be more.
    More,
    /// Nothing is left here, and something that was begun is not done yet elsewhere.
    Waiting,
    /// Nothing is left.
    Done,
}

/// What a service keeps of people, and how it lets go of it.
pub trait Forget: Send + Sync + 'static {
    /// Deletes some of what is kept of an account, in transactions of its own. It takes a few seconds at the most, is called until
    /// it is done, and may be called again after that.
    fn forget(&self, account: AccountId) -> impl Future<Output = Result<Progress>> + Send;
}

/// Erases accounts in one service's schema.
pub struct Forgetting<F> {
    pool: PgPool,
    service: Service,
    outbox: Outbox,
    forget: F,
}

impl<F: Forget> Forgetting<F> {
    /// What `service` does with its schema, which `pool` means, and tells through `outbox`.
    pub fn new(pool: PgPool, service: Service, outbox: Outbox, forget: F) -> Self {
        Self { pool, service, outbox, forget }
    }

    /// Erases until dropped. Every replica runs it; the lock on an account's row lets one work at a time.
    pub async fn run(self) {
        loop {
            match self.erasing().await.inspect_err(database::failed) {
                Ok(accounts) => {
                    for account in accounts {
                        if let Err(panicked) = telemetry::caught(self.work_on(account)).await {
                            tracing::warn!(%account, %panicked, "failed to erase an account; trying again");
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "failed to look for accounts to erase; trying again"),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn erasing(&self) -> sqlx::Result<Vec<AccountId>> {
        let erasing = "select account from hidden_accounts where state = 'erasing' and look_again_at <= now()
                       order by look_again_at limit 100";
        sqlx::query_scalar(erasing).fetch_all(&self.pool).await
    }

    /// Works on one account until it waits or is done. One that fails holds up no other, not even by a panic.
    async fn work_on(&self, account: AccountId) {
        loop {
            let span = tracing::info_span!("accounts.forget", otel.name = "forget an account", otel.kind = "consumer");
            let step = async {
                let outcome = self.step(account).await;
                match &outcome {
                    Ok(Progress::More | Progress::Waiting) => {}
                    Ok(Progress::Done) => tracing::info!(%account, service = self.service.name(), "forgot an erased account"),
                    // The cause was logged when it became a problem.
                    Err(problem) => {
                        tracing::warn!(%account, problem = problem.detail(), "failed to erase an account; trying again");
                    }
                }
                outcome
            };
            match telemetry::recorded(step, |problem| problem.detail().to_owned()).instrument(span).await {
                Ok(Progress::More) => {}
                Ok(Progress::Waiting | Progress::Done) | Err(_) => return,
            }
        }
    }

    async fn step(&self, account: AccountId) -> Result<Progress> {
        let mut claim = self.pool.begin().await?;
        let claimed = "select account from hidden_accounts where account = $1 and state = 'erasing' for update skip locked";
        let claimed: Option<AccountId> = sqlx::query_scalar(claimed).bind(account).fetch_optional(&mut *claim).await?;
        if claimed.is_none() {
            return Ok(Progress::Waiting);
        }
        let progress = self.forget.forget(account).await?;
        if progress == Progress::Waiting {
            let later = "update hidden_accounts set look_again_at = now() + $2 * interval '1 second' where account = $1";
            sqlx::query(later).bind(account).bind(LOOK_AGAIN.as_secs_f64()).execute(&mut *claim).await?;
        }
        if progress == Progress::Done {
            sqlx::query("update hidden_accounts set state = 'erased' where account = $1").bind(account).execute(&mut *claim).await?;
            facts::publish(&mut claim, &Fact::AccountForgotten(AccountForgotten { account, service: self.service })).await?;
        }
        claim.commit().await?;
        if progress == Progress::Done {
            self.outbox.committed();
        }
        Ok(progress)
    }
}
