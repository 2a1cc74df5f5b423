//! What delivery to home timelines takes, and what is still on its way.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use sqlx::PgPool;

use crate::store::home;

/// How often it is counted what waits: a scrape then costs the database nothing.
const EVERY: Duration = Duration::from_secs(15);

/// Every replica counts the same rows, so a sum over replicas means nothing; take the largest.
static WAITING: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    let about = "Posts that are on their way to home timelines, up to 10,000.";
    telemetry::meter().u64_gauge("socialplatform.home.waiting").with_unit("{post}").with_description(about).build()
});
static AGE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    let about = "Age of the oldest new post that is on its way to home timelines.";
    telemetry::meter().f64_gauge("socialplatform.home.waiting.age").with_unit("s").with_description(about).build()
});
static LAG: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    let bounds = vec![0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
    seconds("socialplatform.home.lag", "Time from a new post until the last of its followers has it.", bounds)
});
static BATCH: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    let bounds = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    seconds("socialplatform.home.batch.duration", "Duration of the delivery of a post to a thousand followers at the most.", bounds)
});
static FAILED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Batches of deliveries to home timelines that failed.";
    telemetry::meter().u64_counter("socialplatform.home.failed").with_unit("{batch}").with_description(about).build()
});
static ENTRIES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Entries written into home timelines by deliveries.";
    telemetry::meter().u64_counter("socialplatform.home.entries").with_unit("{entry}").with_description(about).build()
});

fn seconds(name: &'static str, about: &'static str, bounds: Vec<f64>) -> Histogram<f64> {
    telemetry::meter().f64_histogram(name).with_unit("s").with_description(about).with_boundaries(bounds).build()
}

/// A batch is committed.
pub(super) fn batch(took: Duration, entries: i64) {
    BATCH.record(took.as_secs_f64(), &[]);
    ENTRIES.add(u64::try_from(entries).unwrap_or_default(), &[]);
}

/// A batch has failed.
pub(super) fn failed() {
    FAILED.add(1, &[]);
}

/// Everybody has a new post that is this old.
pub(super) fn delivered(age: f64) {
    LAG.record(age.max(0.0), &[]);
}

/// Counts what waits, until dropped.
pub(crate) async fn watch(pool: &PgPool) {
    loop {
        match home::waiting(pool).await.inspect_err(database::failed) {
            Ok(waiting) => {
                WAITING.record(u64::try_from(waiting.posts).unwrap_or_default(), &[]);
                AGE.record(waiting.age.max(0.0), &[]);
            }
            Err(error) => tracing::warn!(%error, "failed to count what is on its way to home timelines; trying again later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
