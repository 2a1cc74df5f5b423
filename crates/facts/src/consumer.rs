use std::slice;
use std::time::Duration;

use contracts::Service;
use contracts::fact::Fact;
use database::Wakeup;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::Instant;
use tracing::Instrument;

use crate::backlog;
use crate::cursor::Between;
use crate::failures::{self, Cause, Failure};
use crate::told::{self, Told};

/// Facts applied in one transaction at the most.
const BATCH: i64 = 100;
/// How soon facts are found when a hint was lost.
const POLL: Duration = Duration::from_secs(1);

/// What a service does with the facts of another. It must set the state that the facts say, so that a second time
/// changes nothing; effects outside the database go into jobs of the same transaction.
pub trait Apply: Send + Sync + 'static {
    /// Applies facts that came in this order: what is true after them must be what is true after one at a time, so of several about
    /// one thing the last counts. Facts of no interest are `Ok`. Rows that others lock in an order too are best changed last, all at
    /// once, so that none is held while the facts wait for one before it. If this fails, nothing of it is done; then each fact comes
    /// alone, so that the one that cannot be applied is found, and parked.
    fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Applies the facts of one producer in one service's schema.
pub struct Consumer<A> {
    pool: PgPool,
    between: Between,
    wakeup: Wakeup,
    apply: A,
}

impl<A: Apply> Consumer<A> {
    /// A consumer that `wakeup` hints at new facts: subscribe it to [`channel`](crate::channel) of the producer.
    pub fn new(pool: PgPool, consumer: Service, producer: Service, wakeup: Wakeup, apply: A) -> Self {
        Self { pool, between: Between { consumer, producer }, wakeup, apply }
    }

    /// Applies facts until dropped. Every replica runs it; the lock on the cursor lets one work at a time.
    pub async fn run(mut self) {
        let parked = backlog::watch_parked(self.pool.clone(), self.between.consumer, self.between.producer);
        tokio::join!(self.apply_all(), parked);
    }

    async fn apply_all(&mut self) {
        let producer = self.between.producer.name();
        // So many are still to be applied one by one, because together they could not be.
        let mut alone: i64 = 0;
        loop {
            let most = if alone > 0 { 1 } else { BATCH };
            match self.drain(most).await.inspect_err(Failure::count) {
                Ok(passed) if passed < most => {
                    alone = 0;
                    self.wakeup.wait(POLL).await;
                }
                Ok(passed) => alone = (alone - passed).max(0),
                Err(Failure { cause: error, span }) if most > 1 => {
                    alone = BATCH;
                    span.in_scope(|| tracing::warn!(%error, producer, "failed to apply facts together; trying them one by one"));
                }
                Err(Failure { cause: error, span }) => {
                    span.in_scope(|| tracing::warn!(%error, producer, "failed to apply a fact; trying again"));
                    // The pause is no part of it.
                    drop(span);
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Applies what waits, up to so many, and moves the cursor, in one transaction; says how many facts were passed.
    async fn drain(&self, most: i64) -> Result<i64, Failure> {
        let mut tx = self.pool.begin().await?;
        let Some(cursor) = self.between.lock_cursor(&mut tx).await? else {
            self.between.register(&mut tx).await?;
            tx.commit().await?;
            return Ok(0);
        };
        let waiting = Told::after(&mut tx, self.between.producer, cursor, most).await?;
        let found = Instant::now();
        let mut again = None;
        if let Some(last) = waiting.last() {
            if most > 1 {
                // Without a savepoint: what fails takes the transaction with it, and with it the lock on the cursor, which whoever
                // applies them one by one has to find open.
                if let Err(error) = self.attempt(&mut tx, &waiting).await {
                    tx.rollback().await?;
                    return Err(error);
                }
            } else {
                again = self.attempt_alone(&mut tx, last).await?;
            }
            if again.is_none() {
                self.between.move_cursor(&mut tx, last.position).await?;
            }
        }
        tx.commit().await?;
        if let Some(error) = again {
            return Err(error);
        }
        waiting.iter().for_each(|told| told.was_passed(self.between, found));
        Ok(i64::try_from(waiting.len()).expect("at most a batch"))
    }

    /// Applies one fact in a savepoint. If it fails, that is counted, unless it is no word on the fact; it is parked or is to be
    /// tried again, for this reason.
    async fn attempt_alone(&self, tx: &mut PgConnection, told: &Told) -> Result<Option<Failure>, Failure> {
        let mut step = tx.begin().await?;
        let Err(error) = self.attempt(&mut step, slice::from_ref(told)).await else {
            step.commit().await?;
            return Ok(None);
        };
        step.rollback().await?;
        if failures::passes(&error) {
            return Ok(Some(error));
        }
        let is_parked = failures::count(tx, self.between.producer, told, &error).await?;
        Ok((!is_parked).then_some(error))
    }

    /// Applies these facts, and passes by those of a newer version.
    async fn attempt(&self, connection: &mut PgConnection, waiting: &[Told]) -> Result<(), Failure> {
        let (facts, unknown) = told::read(waiting)?;
        if !facts.is_empty() {
            let span = told::span(self.between, &facts, waiting);
            let step = async {
                telemetry::caught(self.apply.apply(connection, &facts)).await?.inspect_err(database::failed)?;
                Ok::<(), Cause>(())
            };
            let applied = telemetry::recorded(step, |cause| database::said(&**cause)).instrument(span.clone()).await;
            applied.map_err(|cause| Failure { cause, span })?;
        }
        unknown.into_iter().for_each(|told| told.was_skipped(self.between));
        Ok(())
    }
}
