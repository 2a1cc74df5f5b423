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

/// Whom a call goes to.
#[derive(Clone, Copy, Debug)]
pub struct Callee {
    /// The service, whatever its host is called.
    pub service: &'static str,
    /// Where it listens; nowhere, if it is in the same process.
    pub port: Option<u16>,
}

impl Callee {
    /// As the conventions have it: the bridge makes text of numbers that are not signed.
    fn port(self) -> Option<i64> {
        self.port.map(i64::from)
    }
}

/// A client span for a call. `path` must be a template, without ids.
pub fn http_client_span(method: &Method, callee: Callee, path: &str) -> Span {
    tracing::info_span!(
        "http.client",
        otel.name = format!("{method} {path}"),
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = %method,
        http.response.status_code = field::Empty,
        service.peer.name = callee.service,
        server.address = callee.service,
        server.port = callee.port(),
        url.full = field::Empty,
        url.template = path,
        error.type = field::Empty,
    )
}

/// Writes on the current span what is called: known to the transport only, and to none of the neighbors in one process.
pub fn called_url(url: &str) {
    Span::current().record("url.full", url);
}

/// Times a call, and writes its outcome on the current span: the answer's status, or that there was none.
pub async fn timed_call<B, E>(
    method: &Method,
    callee: Callee,
    call: impl Future<Output = Result<Response<B>, E>>,
) -> Result<Response<B>, E> {
    let start = Instant::now();
    let result = call.await;
    let span = Span::current();
    let mut labels = vec![KeyValue::new("http.request.method", known_method(method)), KeyValue::new("server.address", callee.service)];
    labels.extend(callee.port().map(|port| KeyValue::new("server.port", port)));
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
