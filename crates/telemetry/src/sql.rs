//! A client span and a measurement for every SQL statement, made of the event that sqlx logs when one ends.
//!
//! So no query is forgotten, and no store function says anything about tracing. The text is parameterized: values never
//! reach it.

use std::fmt;
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;

use crate::meter;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("db.client.operation.duration")
        .with_unit("s")
        .with_description("Duration of SQL statements.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])
        .build()
});

/// Without the name of the pool, which sqlx does not tell: a pod has one, and `all` has one for each service.
static WAIT: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("db.client.connection.wait_time")
        .with_unit("s")
        .with_description("Time until a connection of the pool was to be had.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])
        .build()
});

/// The target under which sqlx logs statements.
pub(crate) const STATEMENTS: &str = "sqlx::query";
/// The target under which sqlx logs that a connection was had; `database::connect` switches it on.
pub(crate) const ACQUIRED: &str = "sqlx::pool::acquire";

static SERVER: OnceLock<[KeyValue; 3]> = OnceLock::new();

/// Says where the statements of this process go, which sqlx does not: to one database, whatever the service.
pub fn statements_go_to(address: &str, port: u16, database: &str) {
    let _ = SERVER.set([
        KeyValue::new("server.address", address.to_owned()),
        KeyValue::new("server.port", i64::from(port)),
        KeyValue::new("db.namespace", database.to_owned()),
    ]);
}

/// Turns statement events into spans, and times waiting for connections.
pub(crate) struct SqlSpans;

/// How long a connection was waited for.
#[derive(Default)]
struct Acquired(Option<f64>);

impl Visit for Acquired {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "acquired_after_secs" {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[derive(Default)]
struct Statement {
    summary: String,
    text: String,
    elapsed: f64,
}

impl Visit for Statement {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.text = value.trim().to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl<S: Subscriber> Layer<S> for SqlSpans {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        if event.metadata().target() == ACQUIRED {
            let mut acquired = Acquired::default();
            event.record(&mut acquired);
            if let Some(seconds) = acquired.0 {
                WAIT.record(seconds, &[]);
            }
            return;
        }
        let mut statement = Statement::default();
        event.record(&mut statement);
        let text = if statement.text.is_empty() { &statement.summary } else { &statement.text };
        let operation = operation(text);
        let labels = [KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.operation.name", operation)];
        DURATION.record(statement.elapsed, &labels);

        let parent = Context::current();
        // Statements of background loops that found nothing to do would drown everything else.
        if !parent.span().span_context().is_sampled() {
            return;
        }
        let tracer = global::tracer("sqlx");
        let end = SystemTime::now();
        let table = table(text);
        let summary = summary(operation, table);
        let described = [KeyValue::new("db.query.summary", summary.clone()), KeyValue::new("db.query.text", text.clone())];
        let collection = table.map(|table| KeyValue::new("db.collection.name", table.to_owned()));
        let mut span = tracer
            .span_builder(summary)
            .with_kind(SpanKind::Client)
            .with_start_time(end - Duration::from_secs_f64(statement.elapsed))
            .with_attributes(labels.into_iter().chain(described).chain(collection).chain(SERVER.get().into_iter().flatten().cloned()))
            .start_with_context(&tracer, &parent);
        span.end_with_timestamp(end);
    }
}

/// The statement's first word, if it is one that SQL has.
fn operation(text: &str) -> &'static str {
    const KNOWN: [&str; 12] =
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "ROLLBACK", "LISTEN", "NOTIFY", "SAVEPOINT", "SET"];
    let first = text.split_whitespace().next().unwrap_or_default();
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(first)).unwrap_or("OTHER")
}

/// The table, where it is easily seen (`db.collection.name`).
fn table(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace();
    words.find(|word| ["from", "into", "update"].iter().any(|before| before.eq_ignore_ascii_case(word)))?;
    let table = words.next()?.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    (!table.is_empty()).then_some(table)
}

/// The span's name: the operation and the table (`db.query.summary`).
fn summary(operation: &'static str, table: Option<&str>) -> String {
    table.map_or_else(|| operation.to_owned(), |table| format!("{operation} {table}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_named_by_operation_and_table() {
        let named = |text| summary(operation(text), table(text));
        assert_eq!(named("select id from posts where id = $1"), "SELECT posts");
        assert_eq!(named("insert into posts (id) values ($1)"), "INSERT posts");
        assert_eq!(named("COMMIT"), "COMMIT");
        assert_eq!(operation("drop table posts"), "OTHER");
    }
}
