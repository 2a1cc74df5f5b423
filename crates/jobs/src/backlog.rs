//! How much is owed, counted now and then: a scrape then costs the database nothing.
//!
//! Every replica counts the same rows, so a sum over replicas means nothing; take the largest.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Histogram};
use sqlx::{FromRow, PgPool};

/// How often it is counted.
const EVERY: Duration = Duration::from_secs(15);
/// A longer queue than this is counted as this long: what is wrong then is not its length.
const MOST: i64 = 10_000;

static WAITING: LazyLock<Gauge<u64>> = LazyLock::new(|| count("socialplatform.jobs.waiting", "Jobs that are owed, up to 10,000."));
static FAILING: LazyLock<Gauge<u64>> =
    LazyLock::new(|| count("socialplatform.jobs.failing", "Jobs that are owed and have failed, up to 10,000."));
static AGE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    let about = "For how long the oldest job that is owed has been, which is from the end of its rest.";
    telemetry::meter().f64_gauge("socialplatform.jobs.waiting.age").with_unit("s").with_description(about).build()
});
static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter()
        .f64_histogram("socialplatform.jobs.duration")
        .with_unit("s")
        .with_description("Duration of attempts at jobs, by outcome: done or failed.")
        .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0])
        .build()
});

fn count(name: &'static str, about: &'static str) -> Gauge<u64> {
    telemetry::meter().u64_gauge(name).with_unit("{job}").with_description(about).build()
}

/// The kinds that one worker has seen: their series go on at zero when nothing of them is owed.
#[derive(Default)]
pub(crate) struct Known(Mutex<BTreeSet<String>>);

impl Known {
    fn add(&self, kind: &str) {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kinds.contains(kind) {
            kinds.insert(kind.to_owned());
        }
    }

    fn all(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Notes one attempt at a job.
pub(crate) fn attempted(known: &Known, kind: &str, took: Duration, done: bool) {
    known.add(kind);
    let outcome = if done { "done" } else { "failed" };
    DURATION.record(took.as_secs_f64(), &[KeyValue::new("kind", kind.to_owned()), KeyValue::new("outcome", outcome)]);
}

#[derive(FromRow)]
struct Owed {
    kind: String,
    waiting: i64,
    failing: i64,
    age: f64,
}

/// Counts until dropped. A job of a kind is owed after its `rest`.
pub(crate) async fn watch(pool: PgPool, known: &Known, rest: impl Fn(&str) -> Duration) {
    loop {
        match owed(&pool).await.inspect_err(database::failed) {
            Ok(owed) => report(&owed, known, &rest),
            Err(error) => tracing::warn!(%error, "failed to count jobs; trying again later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn owed(pool: &PgPool) -> sqlx::Result<Vec<Owed>> {
    sqlx::query_as(
        "select kind, count(*) as waiting, count(*) filter (where error is not null) as failing,
             extract(epoch from clock_timestamp() - min(created_at))::float8 as age
         from (
             select kind, error, created_at from jobs
             -- One that was never tried and is not due yet rests: it is not owed.
             where attempts > 0 or run_at <= clock_timestamp()
             order by run_at limit $1
         ) oldest
         group by kind",
    )
    .bind(MOST)
    .fetch_all(pool)
    .await
}

fn report(owed: &[Owed], known: &Known, rest: impl Fn(&str) -> Duration) {
    let record = |kind: &str, waiting: i64, failing: i64, age: f64| {
        let labels = [KeyValue::new("kind", kind.to_owned())];
        WAITING.record(u64::try_from(waiting).unwrap_or_default(), &labels);
        FAILING.record(u64::try_from(failing).unwrap_or_default(), &labels);
        AGE.record(age, &labels);
    };
    // A kind that nothing is owed of any more has no row, and its series would keep its last value.
    for done in known.all().iter().filter(|known| !owed.iter().any(|owed| owed.kind == **known)) {
        record(done, 0, 0, 0.0);
    }
    for Owed { kind, waiting, failing, age } in owed {
        record(kind, *waiting, *failing, owed_for(*age, rest(kind)));
        known.add(kind);
    }
}

/// Seconds for which a job of this age has been owed.
fn owed_for(age: f64, rest: Duration) -> f64 {
    (age - rest.as_secs_f64()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_rested_for_a_day_is_not_a_day_late() {
        let day = Duration::from_secs(86_400);
        assert_eq!(owed_for(86_460.0, day), 60.0);
        assert_eq!(owed_for(60.0, Duration::ZERO), 60.0);
        // The clocks of two machines.
        assert_eq!(owed_for(86_399.9, day), 0.0);
    }
}
