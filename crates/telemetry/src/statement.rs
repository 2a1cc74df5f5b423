//! A statement that has ended, and what is told of it once it is known how.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{Span, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::described::{Described, described};
use crate::meter;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("db.client.operation.duration")
        .with_unit("s")
        .with_description("Duration of SQL statements.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])
        .build()
});

/// Of the provider that [`Telemetry::init`](crate::Telemetry::init) set: nothing is recorded before.
static TRACER: LazyLock<BoxedTracer> = LazyLock::new(|| global::tracer("sqlx"));

static SERVER: OnceLock<Server> = OnceLock::new();
static SCHEMA: OnceLock<&'static str> = OnceLock::new();

/// Of the span of a statement that failed.
const MOST_ATTRIBUTES: usize = 8;

/// Where statements go.
struct Server {
    address: [KeyValue; 2],
    namespace: KeyValue,
}

/// Says in which schema the statements of this process find their tables, if it is one for all of them. Call it before
/// [`statements_go_to`].
pub fn schema_is(schema: &'static str) {
    let _ = SCHEMA.set(schema);
}

/// Says where the statements of this process go, which sqlx does not: to one database, whatever the service.
pub fn statements_go_to(address: &str, port: u16, database: &str) {
    let namespace = namespace(database, SCHEMA.get().copied());
    // Shared, since each statement's span has them.
    let [address, namespace]: [Arc<str>; 2] = [address.into(), namespace.into()];
    let address = [KeyValue::new("server.address", address), KeyValue::new("server.port", i64::from(port))];
    let _ = SERVER.set(Server { address, namespace: KeyValue::new("db.namespace", namespace) });
}

/// A database and a schema in the words of the conventions for PostgreSQL.
fn namespace(database: &str, schema: Option<&str>) -> String {
    schema.map_or_else(|| database.to_owned(), |schema| format!("{database}|{schema}"))
}

/// A statement that has ended.
pub(crate) struct Statement {
    described: Arc<Described>,
    elapsed: f64,
    ended: SystemTime,
    /// The span that asked for it.
    below: SpanContext,
}

/// sqlx logs the first words of a statement, and then all of it if there are more.
#[derive(Default)]
struct Logged {
    first_words: String,
    described: Option<Arc<Described>>,
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
            "summary" => value.clone_into(&mut self.first_words),
            "db.statement" if !value.is_empty() => self.described = Some(described(value.trim())),
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
        let below = Context::map_current(|context| context.span().span_context().clone());
        let mut logged = Logged::default();
        event.record(&mut logged);
        let Logged { first_words, described: longer, elapsed } = logged;
        let described = longer.unwrap_or_else(|| described(&first_words));
        Self { described, elapsed, ended: SystemTime::now(), below }
    }

    /// Tells of it: nothing more will be known. Labels have few values: one database, the operations that SQL has on the tables that
    /// there are, and the SQLSTATEs that statements of ours are refused with.
    pub(crate) fn tell(self, failure: Option<&Failure>) {
        let server = SERVER.get();
        let mut attributes = Vec::with_capacity(MOST_ATTRIBUTES);
        attributes.push(KeyValue::new("db.system.name", "postgresql"));
        attributes.push(KeyValue::new("db.query.summary", self.described.summary.clone()));
        attributes.extend(server.map(|server| server.namespace.clone()));
        attributes.extend(failure.map(|failure| KeyValue::new("error.type", failure.kind().to_owned())));
        attributes.extend(failure.and_then(Failure::state).map(|state| KeyValue::new("db.response.status_code", state.to_owned())));
        DURATION.record(self.elapsed, &attributes);
        // Statements of background loops that found nothing to do would drown everything else.
        if !self.below.is_sampled() {
            return;
        }
        attributes.push(KeyValue::new("db.query.text", self.described.text.clone()));
        attributes.extend(server.into_iter().flat_map(|server| server.address.clone()));
        let parent = Context::new().with_remote_span_context(self.below);
        let mut span = TRACER
            .span_builder(self.described.summary.to_string())
            .with_kind(SpanKind::Client)
            .with_start_time(self.ended - Duration::from_secs_f64(self.elapsed))
            .with_attributes(attributes)
            .start_with_context(&*TRACER, &parent);
        if let Some(failure) = failure {
            // Not the server's message: there may be values in it.
            span.set_status(Status::error(failure.kind().to_owned()));
        }
        span.end_with_timestamp(self.ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_named_behind_the_database_where_there_is_one_for_all_statements() {
        assert_eq!(namespace("app", Some("photo")), "app|photo");
        assert_eq!(namespace("app", None), "app");
    }
}
