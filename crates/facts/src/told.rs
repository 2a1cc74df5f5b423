use std::collections::BTreeSet;
use std::sync::LazyLock;

use contracts::Service;
use contracts::fact::Fact;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use tokio::time::Instant;
use tracing::Span;

use crate::cursor::Between;

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

/// A fact in its place in a producer's outbox.
#[derive(FromRow)]
pub(crate) struct Told {
    pub(crate) position: i64,
    pub(crate) fact: serde_json::Value,
    traceparent: Option<String>,
    age_seconds: f64,
}

impl Told {
    /// Those that come after a place, in their order, up to so many.
    pub(crate) async fn after(connection: &mut PgConnection, producer: Service, position: i64, most: i64) -> sqlx::Result<Vec<Self>> {
        let waiting = format!(
            "select position, fact, traceparent, extract(epoch from clock_timestamp() - created_at)::float8 as age_seconds
             from {producer}.outbox where position > $1 order by position limit {most}"
        );
        sqlx::query_as(AssertSqlSafe(waiting)).bind(position).fetch_all(connection).await
    }

    /// Counts how long it took from its commit until this one, of a consumer that found it a moment ago.
    pub(crate) fn was_passed(&self, between: Between, found: Instant) {
        let [producer, consumer] = labels(between);
        LAG.record(self.age_seconds + found.elapsed().as_secs_f64(), &[producer, consumer]);
    }

    /// Says that it is of a newer version: while a platform is updated, the old code meets what the new code tells.
    pub(crate) fn was_skipped(&self, between: Between) {
        let kind = self.fact["kind"].as_str().unwrap_or_default().to_owned();
        let producer = between.producer.name();
        tracing::warn!(kind, producer, position = self.position, "skipped a fact of a kind that is not known here");
        let [producer, consumer] = labels(between);
        SKIPPED.add(1, &[producer, consumer, KeyValue::new("kind", kind)]);
    }
}

fn labels(between: Between) -> [KeyValue; 2] {
    [KeyValue::new("producer", between.producer.name()), KeyValue::new("consumer", between.consumer.name())]
}

/// What they say; and those of a kind that is not known here.
pub(crate) fn read(waiting: &[Told]) -> serde_json::Result<(Vec<Fact>, Vec<&Told>)> {
    let (mut facts, mut unknown) = (Vec::with_capacity(waiting.len()), Vec::new());
    for told in waiting {
        match serde_json::from_value::<Fact>(told.fact.clone())? {
            Fact::Unknown => unknown.push(told),
            fact => facts.push(fact),
        }
    }
    Ok((facts, unknown))
}

/// The span in which facts are applied together, linked to what made each of them true. It is named by who told them, and lists their
/// kinds: there would be too many names, one for each set of kinds that came together.
pub(crate) fn span(between: Between, facts: &[Fact], waiting: &[Told]) -> Span {
    let kinds = Vec::from_iter(facts.iter().map(Fact::kind).collect::<BTreeSet<_>>());
    let span = tracing::info_span!(
        "facts.apply",
        otel.name = format!("apply {}", between.producer),
        otel.kind = "consumer",
        messaging.system = "postgresql",
        messaging.destination.name = between.producer.name(),
        messaging.consumer.group.name = between.consumer.name(),
        messaging.operation.name = "apply",
        messaging.operation.type = "process",
        messaging.batch.message_count = (facts.len() > 1).then_some(facts.len() as i64),
        kinds = kinds.join(", "),
    );
    // Facts of one request have one cause.
    let causes: BTreeSet<&str> = waiting.iter().filter_map(|told| told.traceparent.as_deref()).collect();
    causes.into_iter().for_each(|cause| telemetry::link(&span, Some(cause)));
    span
}
