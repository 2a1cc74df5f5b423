//! A client span and a measurement for every SQL statement, made of the event that sqlx logs when one ends.
//!
//! So no query is forgotten, and no store function says anything about tracing. The text is parameterized: values never
//! reach it.
//!
//! sqlx logs a statement alike however it ends, and answers its error a moment later. So the last statement of a span is
//! kept until more is known: [`statement_failed`] says that it failed, and the next statement of the span, or the span's
//! end, that it did not. What runs outside of every span is told at once, as if it had gone well: nobody reads a trace
//! of it, and `database::failed` counts its errors.

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::field::{Field, Visit};
use tracing::span::Id;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::meter;
use crate::statement::{Failure, Statement};

static WAIT: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("db.client.connection.wait_time")
        .with_unit("s")
        .with_description("Time until a connection of the pool was to be had.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])
        .build()
});

/// The target under which sqlx logs statements.
const STATEMENTS: &str = "sqlx::query";
/// The target under which sqlx logs that a connection was had; `database::connect` switches it on.
const ACQUIRED: &str = "sqlx::pool::acquire";
/// The target of our own word that the last statement failed.
const FAILED: &str = "statement_failed";

static POOL: OnceLock<&'static str> = OnceLock::new();

/// Names what connections this program has; once, before there are any.
pub(crate) fn name_pool(program: &'static str) {
    let _ = POOL.set(program);
}

/// The pool of whatever is measured where nobody knows which it was, for sqlx does not tell: a pod has one, of the same name as
/// itself, and those of `all` go by the program's.
pub fn pool_name() -> KeyValue {
    KeyValue::new("db.client.connection.pool.name", POOL.get().copied().unwrap_or_default())
}

/// Says that the last statement of the current span failed: PostgreSQL refused it with this SQLSTATE or, without one, the
/// connection broke. Call it before the next statement.
pub fn statement_failed(state: Option<&str>) {
    tracing::debug!(target: FAILED, state = state.unwrap_or_default(), "a statement failed");
}

/// What [`SqlSpans`] hears of: its own events, and the spans that they are in.
pub(crate) fn concerns(metadata: &Metadata<'_>) -> bool {
    if metadata.is_span() {
        return *metadata.level() <= Level::INFO;
    }
    *metadata.level() <= Level::DEBUG && [STATEMENTS, ACQUIRED, FAILED].contains(&metadata.target())
}

/// Turns statement events into spans, and times waiting for connections. It has to end what it keeps of a span before
/// that span is sent, so it comes before the layer that sends spans.
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

/// The SQLSTATE that [`statement_failed`] was given, or nothing.
#[derive(Default)]
struct State(String);

impl Visit for State {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "state" {
            self.0 = value.to_owned();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl State {
    fn failure(self) -> Failure {
        if self.0.is_empty() { Failure::CutOff } else { Failure::Refused(self.0) }
    }
}

impl<S> Layer<S> for SqlSpans
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        match event.metadata().target() {
            ACQUIRED => {
                let mut acquired = Acquired::default();
                event.record(&mut acquired);
                if let Some(seconds) = acquired.0 {
                    WAIT.record(seconds, &[pool_name()]);
                }
            }
            FAILED => {
                let mut scope = context.event_scope(event).into_iter().flatten();
                let last = scope.find_map(|span| span.extensions_mut().remove::<Statement>());
                if let Some(statement) = last {
                    let mut state = State::default();
                    event.record(&mut state);
                    statement.tell(Some(&state.failure()));
                }
            }
            _ => {
                let statement = Statement::of(event);
                match context.event_span(event) {
                    Some(span) => keep(&span, statement),
                    None => statement.tell(None),
                }
            }
        }
    }

    /// The error of a statement may be answered outside of the span that it was in.
    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let last = span.extensions_mut().remove::<Statement>();
        let Some(statement) = last else { return };
        match span.parent() {
            Some(parent) => keep(&parent, statement),
            None => statement.tell(None),
        }
    }
}

/// Keeps the last statement of a span; the one before it went well.
fn keep<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, statement: Statement) {
    let before = span.extensions_mut().replace(statement);
    if let Some(before) = before {
        before.tell(None);
    }
}
