use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{FromRow, PgPool};
use tracing::Instrument;

use crate::backlog::{self, Known};

/// How long a claim holds; a job must be done by then or may run a second time.
const CLAIM: Duration = Duration::from_secs(300);
/// How soon new jobs are found.
const POLL: Duration = Duration::from_millis(500);

/// Why a job failed, by an error or by a panic; it is logged, kept beside the job, and the job is tried again.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;

/// What a service does with its jobs.
pub trait Run: Send + Sync + 'static {
    /// Runs one job. An unknown kind is an error: the job waits for the release that knows it.
    fn run(&self, kind: &str, payload: &Value) -> impl Future<Output = Result<(), JobError>> + Send;

    /// How long a job of this kind rests before it is run for the first time. It is not owed until then.
    fn rest(&self, _kind: &str) -> Duration {
        Duration::ZERO
    }
}

/// Runs the jobs of one schema, one at a time in each replica.
pub struct Worker<R> {
    pool: PgPool,
    run: R,
}

#[derive(FromRow)]
struct Claimed {
    id: i64,
    kind: String,
    payload: Value,
    attempts: i32,
    traceparent: Option<String>,
    /// Seconds since it was enqueued.
    age: f64,
}

impl<R: Run> Worker<R> {
    /// A worker on the jobs of the schema that `pool` means.
    pub fn new(pool: PgPool, run: R) -> Self {
        Self { pool, run }
    }

    /// Runs jobs until dropped.
    pub async fn run(self) {
        let known = Known::default();
        tokio::join!(self.work(&known), backlog::watch(self.pool.clone(), &known, |kind| self.run.rest(kind)));
    }

    async fn work(&self, known: &Known) {
        loop {
            match self.step(known).await.inspect_err(database::failed) {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(POLL).await,
                Err(error) => {
                    tracing::warn!(%error, "failed to work on jobs; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Runs one job that is due; `false` if none is.
    async fn step(&self, known: &Known) -> sqlx::Result<bool> {
        let claimed: Option<Claimed> = sqlx::query_as(
            "update jobs set attempts = attempts + 1, run_at = clock_timestamp() + make_interval(secs => $1)
             where id = (select id from jobs where run_at <= clock_timestamp() order by run_at limit 1 for update skip locked)
             returning id, kind, payload, attempts, traceparent,
                 extract(epoch from clock_timestamp() - created_at)::float8 as age",
        )
        .bind(CLAIM.as_secs_f64())
        .fetch_optional(&self.pool)
        .await?;
        let Some(job) = claimed else { return Ok(false) };
        let rest = self.run.rest(&job.kind);
        if job.age < rest.as_secs_f64() {
            self.let_rest(&job, rest).await?;
            return Ok(true);
        }
        let span =
            tracing::info_span!("jobs.run", otel.name = format!("run {}", job.kind), otel.kind = "consumer", attempts = job.attempts);
        telemetry::link(&span, job.traceparent.as_deref());
        let start = Instant::now();
        let attempt = async {
            let outcome = match tokio::time::timeout(CLAIM, telemetry::caught(self.run.run(&job.kind, &job.payload))).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(panicked)) => Err(JobError::from(panicked)),
                Err(late) => Err(JobError::from(late)),
            };
            outcome.inspect_err(|error| {
                if let Some(error) = error.downcast_ref::<sqlx::Error>() {
                    database::failed(error);
                }
                tracing::warn!(%error, kind = job.kind, attempts = job.attempts, "a job failed; trying again later");
            })
        };
        let outcome = telemetry::recorded(attempt, |error| database::said(&**error)).instrument(span).await;
        backlog::attempted(known, &job.kind, start.elapsed(), outcome.is_ok());
        match outcome {
            Ok(()) => sqlx::query("delete from jobs where id = $1").bind(job.id).execute(&self.pool).await?,
            Err(error) => {
                sqlx::query("update jobs set error = $2, run_at = clock_timestamp() + make_interval(secs => $3) where id = $1")
                    .bind(job.id)
                    .bind(error.to_string())
                    .bind(backoff(job.attempts).as_secs_f64())
                    .execute(&self.pool)
                    .await?
            }
        };
        Ok(true)
    }

    /// Gives a job back as one that was never tried, until it has rested.
    async fn let_rest(&self, job: &Claimed, rest: Duration) -> sqlx::Result<()> {
        sqlx::query("update jobs set attempts = 0, run_at = created_at + make_interval(secs => $2) where id = $1")
            .bind(job.id)
            .bind(rest.as_secs_f64())
            .execute(&self.pool)
            .await
            .map(drop)
    }
}

/// A second, doubled with each attempt, up to an hour.
fn backoff(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(12);
    Duration::from_secs(1 << doublings).min(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_job_is_tried_ever_more_rarely() {
        assert_eq!(backoff(1), Duration::from_secs(1));
        assert_eq!(backoff(4), Duration::from_secs(8));
        assert_eq!(backoff(100), Duration::from_secs(3600));
    }
}
