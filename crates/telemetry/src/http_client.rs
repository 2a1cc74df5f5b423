//! Calls that leave for another service.

use std::sync::LazyLock;
use std::time::Instant;

use http::{Method, Response};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::{Span, field};

use crate::http_server::known_method;
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
        service.peer.name = service,
        server.address = service,
        server.port = field::Empty,
        url.full = field::Empty,
        url.template = path,
        error.type = field::Empty,
    )
}

/// Writes on the current span where a call goes: known to the transport only, and to none of the neighbors in one process.
pub fn called_url(url: &str, port: Option<u16>) {
    let span = Span::current();
    span.record("url.full", url);
    // The bridge makes text of numbers that are not signed.
    span.record("server.port", port.map(i64::from));
}

/// Times a call to `service`, and writes its outcome on the current span: the answer's status, or that there was none.
pub async fn timed_call<B, E>(
    method: &Method,
    service: &'static str,
    call: impl Future<Output = Result<Response<B>, E>>,
) -> Result<Response<B>, E> {
    let start = Instant::now();
    let result = call.await;
    let span = Span::current();
    let mut labels = vec![KeyValue::new("http.request.method", known_method(method)), KeyValue::new("server.address", service)];
    let failure = match &result {
        Ok(response) => {
            let status = response.status();
            let code = i64::from(status.as_u16());
            span.record("http.response.status_code", code);
            labels.push(KeyValue::new("http.response.status_code", code));
            (status.is_client_error() || status.is_server_error()).then(|| status.as_str().to_owned())
        }
        Err(_) => Some("unreachable".to_owned()),
    };
    if let Some(failure) = failure {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", failure.as_str());
        labels.push(KeyValue::new("error.type", failure));
    }
    DURATION.record(start.elapsed().as_secs_f64(), &labels);
    result
}
