//! Calls that leave for another service.

use std::sync::LazyLock;
use std::time::Instant;

use http::{Method, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::{Span, field};

use crate::{DURATION_BUCKETS, meter};

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("http.client.request.duration")
        .with_unit("s")
        .with_description("Duration of calls to other services.")
        .with_boundaries(DURATION_BUCKETS.to_vec())
        .build()
});

/// A client span for a call to `service`. `path` must be a template, without ids.
pub fn http_client_span(method: &Method, service: &'static str, path: &str) -> Span {
    tracing::info_span!(
        "http.client",
        otel.name = format!("{method} {path}"),
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = %method,
        http.response.status_code = field::Empty,
        peer.service = service,
        server.address = service,
        url.template = path,
        error.type = field::Empty,
    )
}

/// Writes the answer's status on the current span.
pub fn record_status(status: StatusCode) {
    let span = Span::current();
    span.record("http.response.status_code", status.as_u16());
    if status.is_client_error() || status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
    }
}

/// Times a call to `service` and marks the current span when it fails below HTTP.
pub async fn timed_call<T, E>(service: &'static str, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let start = Instant::now();
    let result = call.await;
    let mut labels = vec![KeyValue::new("server.address", service)];
    if result.is_err() {
        Span::current().record("otel.status_code", "ERROR");
        Span::current().record("error.type", "unreachable");
        labels.push(KeyValue::new("error.type", "unreachable"));
    }
    DURATION.record(start.elapsed().as_secs_f64(), &labels);
    result
}
