//! How much waits, counted now and then: a scrape then costs the database nothing.
//!
//! Every replica counts the same rows, so a sum over replicas means nothing; take the largest.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use contracts::Service;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;
use sqlx::PgPool;

/// How often it is counted.
const EVERY: Duration = Duration::from_secs(15);
/// A longer queue than this is counted as this long: what is wrong then is not its length.
const MOST: i64 = 10_000;

static UNSEQUENCED: LazyLock<Gauge<u64>> =
    LazyLock::new(|| count("socialplatform.outbox.unsequenced", "Committed facts that have no place in the order yet."));
static UNSEQUENCED_AGE: LazyLock<Gauge<f64>> =
    LazyLock::new(|| age("socialplatform.outbox.unsequenced.age", "Age of the oldest fact that has no place in the order yet."));
static WAITING: LazyLock<Gauge<u64>> =
    LazyLock::new(|| count("socialplatform.facts.waiting", "Facts that a consumer has yet to apply, up to 10,000."));
static WAITING_AGE: LazyLock<Gauge<f64>> =
    LazyLock::new(|| age("socialplatform.facts.waiting.age", "Age of the oldest fact that a consumer has yet to apply."));
static PARKED: LazyLock<Gauge<u64>> =
    LazyLock::new(|| count("socialplatform.facts.parked", "Facts that failed ten times and were left behind by a consumer."));

fn count(name: &'static str, about: &'static str) -> Gauge<u64> {
    telemetry::meter().u64_gauge(name).with_unit("{fact}").with_description(about).build()
}

fn age(name: &'static str, about: &'static str) -> Gauge<f64> {
    telemetry::meter().f64_gauge(name).with_unit("s").with_description(about).build()
}

/// Counts what waits in the outbox of `producer`, until dropped.
pub(crate) async fn watch_outbox(pool: PgPool, producer: Service) {
    let mut known = BTreeSet::new();
    loop {
        if let Err(error) = count_outbox(&pool, producer, &mut known).await.inspect_err(database::failed) {
            tracing::warn!(%error, "failed to count what waits in the outbox; trying again later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn count_outbox(pool: &PgPool, producer: Service, known: &mut BTreeSet<String>) -> sqlx::Result<()> {
    let (facts, age): (i64, f64) = sqlx::query_as(
        "select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8
         from (select created_at from outbox where position is null order by id limit $1) oldest",
    )
    .bind(MOST)
    .fetch_one(pool)
    .await?;
    let labels = [KeyValue::new("producer", producer.name())];
    UNSEQUENCED.record(u64::try_from(facts).unwrap_or_default(), &labels);
    UNSEQUENCED_AGE.record(age.max(0.0), &labels);

    let waiting: Vec<(String, i64, f64)> = sqlx::query_as(
        "select consumer,
             (select count(*) from (select from outbox where outbox.position > cursors.position limit $1) waiting),
             coalesce(extract(epoch from clock_timestamp() - (
                 select created_at from outbox where outbox.position > cursors.position order by outbox.position limit 1
             )), 0)::float8
         from outbox_cursors cursors",
    )
    .bind(MOST)
    .fetch_all(pool)
    .await?;
    let labels = |consumer: &str| [KeyValue::new("producer", producer.name()), KeyValue::new("consumer", consumer.to_owned())];
    // Whoever unregistered waits for nothing any more; its series would otherwise keep its last value.
    for gone in known.iter().filter(|known| !waiting.iter().any(|(consumer, ..)| consumer == *known)) {
        WAITING.record(0, &labels(gone));
        WAITING_AGE.record(0.0, &labels(gone));
    }
    for (consumer, facts, age) in waiting {
        WAITING.record(u64::try_from(facts).unwrap_or_default(), &labels(&consumer));
        WAITING_AGE.record(age.max(0.0), &labels(&consumer));
        known.insert(consumer);
    }
    Ok(())
}

/// Counts the facts of `producer` that `consumer` has parked, until dropped.
pub(crate) async fn watch_parked(pool: PgPool, consumer: Service, producer: Service) {
    let labels = [KeyValue::new("producer", producer.name()), KeyValue::new("consumer", consumer.name())];
    loop {
        let parked = sqlx::query_scalar::<_, i64>("select count(*) from fact_failures where producer = $1 and parked_at is not null");
        match parked.bind(producer.name()).fetch_one(&pool).await.inspect_err(database::failed) {
            Ok(parked) => PARKED.record(u64::try_from(parked).unwrap_or_default(), &labels),
            Err(error) => tracing::warn!(%error, "failed to count parked facts; trying again later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
