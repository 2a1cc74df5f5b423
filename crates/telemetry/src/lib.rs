//! Logs, traces and metrics, set up once; and the trace context on everything that leaves a process.
//!
//! | signal | leaves by | made in |
//! |---|---|---|
//! | spans of requests | OTLP | [`trace_public`], [`trace_private`] |
//! | spans of calls | OTLP | [`http_client_span`] |
//! | spans of SQL | OTLP | `sql`: sqlx's own log event of each statement becomes a span, and [`statement_failed`] one that failed |
//! | metrics | OTLP and `/metrics` | `in_flight`, the calls and the SQL, `process`, `runtime`, and [`meter`] for a crate's own |
//! | what telemetry lost | OTLP and `/metrics` | `losses`: the SDK's own warnings, counted |
//! | logs | standard output and OTLP | `log_format`: one JSON line each, with trace and span id; `caps`, how much of libraries; and `panics` |
//!
//! Which traces are recorded is decided where they begin (`OTEL_TRACES_SAMPLER`, and `TRACES_PER_SECOND` how many), and holds on every
//! service that they pass. A stranger neither decides it, by flag or by id, nor has anything carried along (`tracestate`).
//!
//! Names follow the OpenTelemetry semantic conventions 1.44. By what somebody could be recognized is left out.

mod caps;
mod context;
mod described;
mod http_client;
mod http_server;
mod in_flight;
mod log_format;
mod losses;
mod outcome;
mod panics;
mod process;
mod query_text;
mod runtime;
mod sampling;
mod setup;
mod sql;
mod statement;
#[cfg(test)]
mod written;

pub use context::{extract, inject, link, trace_id, traceparent};
pub use http_client::{Callee, called_url, http_client_span, timed_call};
pub use http_server::{Unhandled, trace_private, trace_public};
pub use outcome::{recorded, refused_by_database};
pub use panics::{Panicked, caught};
pub use sampling::TraceSampler;
pub use setup::{LogFormat, SetupError, Telemetry, TelemetryConfig, metrics_text};
pub use sql::{pool_name, statement_failed};
pub use statement::{schema_is, statements_go_to};

/// The meter of the platform's own metrics.
pub fn meter() -> opentelemetry::metrics::Meter {
    opentelemetry::global::meter("socialplatform")
}

/// Bucket bounds of request durations in seconds, as the semantic conventions advise for `http.*.request.duration`.
pub(crate) const DURATION_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
