use std::sync::LazyLock;
use std::time::Duration;

use contracts::Service;
use contracts::fact::Fact;
use database::Wakeup;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use sqlx::{AssertSqlSafe, Connection, FromRow, PgConnection, PgPool};
use tracing::Instrument;

use crate::backlog;

/// Facts applied in one transaction at the most.
const BATCH: i64 = 100;
/// A fact that fails this often is parked.
const ATTEMPTS: i32 = 10;
/// How soon facts are found when a hint was lost.
const POLL: Duration = Duration::from_secs(1);

static LAG: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter()
        .f64_histogram("socialplatform.facts.lag")
        .with_unit("s")
        .with_description("Time from the commit of a fact until a consumer applies it.")
        .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0])
        .build()
});

static SKIPPED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("socialplatform.facts.skipped")
        .with_description("Facts passed by because this version does not know their kind.")
        .build()
});

/// Why a fact was not applied: the database refused, or the code panicked.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a service does with the facts of another. It must set the state that the fact says, so that a second time
/// changes nothing; effects outside the database go into jobs of the same transaction.
pub trait Apply: Send + Sync + 'static {
    /// Applies one fact. Facts of no interest are `Ok`.
    fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Does once what all the facts of a transaction ask for, after the last of them: rows that others lock in an order are
    /// changed here, so that none is held while a fact waits for one before it. `applied` has the facts in their order. If it fails,
    /// none of them is applied; then they are, and are finished, one by one, so that one that cannot be is found, and parked.
    fn finish(&self, _connection: &mut PgConnection, _applied: &[Fact]) -> impl Future<Output = sqlx::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Applies the facts of one producer in one service's schema.
pub struct Consumer<A> {
    pool: PgPool,
    consumer: Service,
    producer: Service,
    wakeup: Wakeup,
    apply: A,
}

#[derive(FromRow)]
struct Told {
    position: i64,
    fact: serde_json::Value,
    traceparent: Option<String>,
    age_seconds: f64,
}

impl<A: Apply> Consumer<A> {
    /// A consumer that `wakeup` hints at new facts: subscribe it to [`channel`](crate::channel) of the producer.
    pub fn new(pool: PgPool, consumer: Service, producer: Service, wakeup: Wakeup, apply: A) -> Self {
        Self { pool, consumer, producer, wakeup, apply }
    }

    /// Applies facts until dropped. Every replica runs it; the lock on the cursor lets one work at a time.
    pub async fn run(mut self) {
        let parked = backlog::watch_parked(self.pool.clone(), self.consumer, self.producer);
        tokio::join!(self.apply_all(), parked);
    }

    async fn apply_all(&mut self) {
        let mut most = BATCH;
        loop {
            match self.drain(most).await {
                Ok(passed) => {
                    if passed < most {
                        self.wakeup.wait(POLL).await;
                    }
                    most = BATCH;
                }
                Err(error) => {
                    // Whatever fails when one is applied alone is the failure of that one, and counted.
                    most = 1;
                    tracing::warn!(%error, producer = self.producer.name(), "failed to apply facts; trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Applies what waits, up to so many; says how many facts were passed.
    async fn drain(&self, most: i64) -> Result<i64, Failure> {
        let (consumer, producer) = (self.consumer.name(), self.producer.name());
        let mut tx = self.pool.begin().await?;
        let cursor = format!("select position from {producer}.outbox_cursors where consumer = $1 for update skip locked");
        let cursor: Option<i64> = sqlx::query_scalar(AssertSqlSafe(cursor)).bind(consumer).fetch_optional(&mut *tx).await?;
        let Some(cursor) = cursor else {
            let register = format!("insert into {producer}.outbox_cursors (consumer, position) values ($1, 0) on conflict do nothing");
            sqlx::query(AssertSqlSafe(register)).bind(consumer).execute(&mut *tx).await?;
            tx.commit().await?;
            return Ok(0);
        };
        let waiting = format!(
            "select position, fact, traceparent, extract(epoch from clock_timestamp() - created_at)::float8 as age_seconds
             from {producer}.outbox where position > $1 order by position limit {most}"
        );
        let waiting: Vec<Told> = sqlx::query_as(AssertSqlSafe(waiting)).bind(cursor).fetch_all(&mut *tx).await?;
        let mut passed = cursor;
        let mut applied = Vec::with_capacity(waiting.len());
        let mut failure = None;
        let alone = most == 1;
        for told in &waiting {
            match self.apply_one(&mut tx, told, alone).await {
                Ok(fact) => applied.extend(fact),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
            passed = told.position;
        }
        if passed > cursor {
            if !alone {
                telemetry::caught(self.apply.finish(&mut tx, &applied)).await?.inspect_err(database::failed)?;
            }
            let moved = format!("update {producer}.outbox_cursors set position = $2, moved_at = clock_timestamp() where consumer = $1");
            sqlx::query(AssertSqlSafe(moved)).bind(consumer).bind(passed).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        match failure {
            Some(error) => Err(error),
            None => Ok(i64::try_from(waiting.len()).expect("at most a batch")),
        }
    }

    /// Applies one fact in a savepoint, and finishes it there if it is alone. `Err` means: stop here and try again; `None`, that it is
    /// parked.
    async fn apply_one(&self, tx: &mut PgConnection, told: &Told, alone: bool) -> Result<Option<Fact>, Failure> {
        let outcome = self.attempt(tx, told, alone).await;
        LAG.record(told.age_seconds, &[KeyValue::new("producer", self.producer.name()), KeyValue::new("consumer", self.consumer.name())]);
        let error = match outcome {
            Ok(fact) => return Ok(Some(fact)),
            Err(error) => error,
        };
        let attempts: i32 = sqlx::query_scalar(
            "insert into fact_failures (producer, position, fact, attempts, error) values ($1, $2, $3, 1, $4)
             on conflict (producer, position) do update set attempts = fact_failures.attempts + 1, error = excluded.error,
                 parked_at = case when fact_failures.attempts + 1 >= $5 then now() end
             returning attempts",
        )
        .bind(self.producer.name())
        .bind(told.position)
        .bind(&told.fact)
        .bind(error.to_string())
        .bind(ATTEMPTS)
        .fetch_one(&mut *tx)
        .await?;
        if attempts < ATTEMPTS {
            return Err(error);
        }
        tracing::error!(%error, producer = self.producer.name(), position = told.position, "parked a fact that failed {attempts} times");
        Ok(None)
    }

    async fn attempt(&self, tx: &mut PgConnection, told: &Told, alone: bool) -> Result<Fact, Failure> {
        let fact: Fact = serde_json::from_value(told.fact.clone())?;
        if fact == Fact::Unknown {
            self.skip(told);
            return Ok(fact);
        }
        let span = tracing::info_span!(
            "facts.apply",
            otel.name = format!("apply {}", fact.kind()),
            otel.kind = "consumer",
            messaging.system = "postgresql",
            messaging.destination.name = self.producer.name(),
            messaging.consumer.group.name = self.consumer.name(),
            messaging.operation.name = "apply",
            messaging.operation.type = "process",
        );
        telemetry::link(&span, told.traceparent.as_deref());
        let step = async {
            let mut step = tx.begin().await?;
            self.apply.apply(&mut step, &fact).await?;
            if alone {
                self.apply.finish(&mut step, std::slice::from_ref(&fact)).await?;
            }
            step.commit().await
        };
        let step = async {
            telemetry::caught(step).await?.inspect_err(database::failed)?;
            Ok::<(), Failure>(())
        };
        telemetry::recorded(step).instrument(span).await?;
        Ok(fact)
    }

    /// Passes by a fact of a newer version: while a platform is updated, the old code meets what the new code tells.
    fn skip(&self, told: &Told) {
        let kind = told.fact["kind"].as_str().unwrap_or_default().to_owned();
        tracing::warn!(kind, producer = self.producer.name(), position = told.position, "skipped a fact of a kind that is not known here");
        let labels =
            [KeyValue::new("producer", self.producer.name()), KeyValue::new("consumer", self.consumer.name()), KeyValue::new("kind", kind)];
        SKIPPED.add(1, &labels);
    }
}
