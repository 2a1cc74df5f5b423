//! A statement that has ended, and what is told of it once it is known how.

use std::fmt;
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{Span, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::meter;
use crate::query_text::{operation, summary, table};

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("db.client.operation.duration")
        .with_unit("s")
        .with_description("Duration of SQL statements.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])
        .build()
});

static SERVER: OnceLock<Server> = OnceLock::new();

/// Where statements go.
struct Server {
    address: [KeyValue; 2],
    database: KeyValue,
}

/// Says where the statements of this process go, which sqlx does not: to one database, whatever the service.
pub fn statements_go_to(address: &str, port: u16, database: &str) {
    let address = [KeyValue::new("server.address", address.to_owned()), KeyValue::new("server.port", i64::from(port))];
    let _ = SERVER.set(Server { address, database: KeyValue::new("db.namespace", database.to_owned()) });
}

/// A statement that has ended.
pub(crate) struct Statement {
    text: String,
    elapsed: f64,
    ended: SystemTime,
    /// The span that asked for it.
    below: SpanContext,
}

#[derive(Default)]
struct Logged {
    /// Of one that is not, the first words are enough.
    is_recorded: bool,
    summary: String,
    text: String,
    elapsed: f64,
}

impl Visit for Logged {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" if self.is_recorded => self.text = value.trim().to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// How a statement failed.
pub(crate) enum Failure {
    /// PostgreSQL refused it, with this SQLSTATE.
    Refused(String),
    /// The connection broke.
    CutOff,
}

impl Failure {
    /// The conventions' `error.type`.
    fn kind(&self) -> &str {
        match self {
            Self::Refused(state) => state,
            Self::CutOff => "connection",
        }
    }

    fn state(&self) -> Option<&str> {
        match self {
            Self::Refused(state) => Some(state),
            Self::CutOff => None,
        }
    }
}

impl Statement {
    /// What sqlx logs of one, when it ends and where.
    pub(crate) fn of(event: &Event<'_>) -> Self {
        let below = Context::current().span().span_context().clone();
        let mut logged = Logged { is_recorded: below.is_sampled(), ..Logged::default() };
        event.record(&mut logged);
        let text = if logged.text.is_empty() { logged.summary } else { logged.text };
        Self { text, elapsed: logged.elapsed, ended: SystemTime::now(), below }
    }

    /// Tells of it: nothing more will be known. Labels have few values: one database, the operations that SQL has, and the
    /// SQLSTATEs that statements of ours are refused with.
    pub(crate) fn tell(self, failure: Option<&Failure>) {
        let operation = operation(&self.text);
        let server = SERVER.get();
        let mut labels = vec![KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.operation.name", operation)];
        labels.extend(server.map(|server| server.database.clone()));
        labels.extend(failure.map(|failure| KeyValue::new("error.type", failure.kind().to_owned())));
        labels.extend(failure.and_then(Failure::state).map(|state| KeyValue::new("db.response.status_code", state.to_owned())));
        DURATION.record(self.elapsed, &labels);
        // Statements of background loops that found nothing to do would drown everything else.
        if !self.below.is_sampled() {
            return;
        }
        let table = table(&self.text);
        let summary = summary(operation, table);
        let described = [KeyValue::new("db.query.summary", summary.clone()), KeyValue::new("db.query.text", self.text.clone())];
        let collection = table.map(|table| KeyValue::new("db.collection.name", table.to_owned()));
        let address = server.into_iter().flat_map(|server| server.address.clone());
        let more = described.into_iter().chain(collection).chain(address);
        let tracer = global::tracer("sqlx");
        let parent = Context::new().with_remote_span_context(self.below);
        let mut span = tracer
            .span_builder(summary)
            .with_kind(SpanKind::Client)
            .with_start_time(self.ended - Duration::from_secs_f64(self.elapsed))
            .with_attributes(labels.into_iter().chain(more))
            .start_with_context(&tracer, &parent);
        if let Some(failure) = failure {
            // Not the server's message: there may be values in it.
            span.set_status(Status::error(failure.kind().to_owned()));
        }
        span.end_with_timestamp(self.ended);
    }
}
