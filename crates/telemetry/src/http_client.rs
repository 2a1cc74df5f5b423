//! Calls that leave for another service.

use std::sync::LazyLock;
use std::time::Instant;

use http::{Method, Response, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::{Span, field};

use crate::http_server::known_method;
use crate::in_flight::CANCELLED;
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
    let calling = Calling::begin(method, callee);
    let result = call.await;
    calling.ended(match &result {
        Ok(response) => Outcome::Answered(response.status()),
        Err(_) => Outcome::Unreachable,
    });
    result
}

/// How a call ended.
enum Outcome {
    Answered(StatusCode),
    Unreachable,
    /// Whoever waited for the answer has gone.
    Cancelled,
}

/// A call from its beginning to its end. Its future is dropped when whoever waits for the answer hangs up, which they do when it
/// takes long: so what is dropped is measured, too.
struct Calling {
    start: Instant,
    method: &'static str,
    callee: Callee,
    span: Span,
    outcome: Outcome,
}

impl Calling {
    fn begin(method: &Method, callee: Callee) -> Self {
        Self { start: Instant::now(), method: known_method(method), callee, span: Span::current(), outcome: Outcome::Cancelled }
    }

    fn ended(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        let mut labels = vec![KeyValue::new("http.request.method", self.method), KeyValue::new("server.address", self.callee.service)];
        labels.extend(self.callee.port().map(|port| KeyValue::new("server.port", port)));
        let failure = match self.outcome {
            Outcome::Answered(status) => {
                let code = i64::from(status.as_u16());
                self.span.record("http.response.status_code", code);
                labels.push(KeyValue::new("http.response.status_code", code));
                (status.is_client_error() || status.is_server_error()).then(|| status.as_str().to_owned())
            }
            Outcome::Unreachable => Some("unreachable".to_owned()),
            Outcome::Cancelled => Some(CANCELLED.to_owned()),
        };
        if let Some(failure) = failure {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", failure.as_str());
            labels.push(KeyValue::new("error.type", failure));
        }
        DURATION.record(self.start.elapsed().as_secs_f64(), &labels);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future;
    use std::task::{Context, Waker};

    use tracing_subscriber::fmt;
    use tracing_subscriber::fmt::format::FmtSpan;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::written::Written;

    /// What a span says when it ends, in which `call` was looked at once, and then dropped.
    fn said_of(call: impl Future<Output = Result<Response<()>, Infallible>>) -> String {
        let written = Written::default();
        let kept = written.clone();
        let lines = fmt::layer().with_ansi(false).with_span_events(FmtSpan::CLOSE).with_writer(move || kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let callee = Callee { service: "photo", port: None };
            http_client_span(&Method::GET, callee, "/photos").in_scope(|| {
                let mut call = Box::pin(timed_call(&Method::GET, callee, call));
                let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            });
        });
        written.text()
    }

    #[test]
    fn a_call_whose_caller_hangs_up_is_an_error_and_an_answered_one_is_none() {
        let cancelled = said_of(future::pending());
        assert!(cancelled.contains("error.type=\"cancelled\"") && cancelled.contains("ERROR"), "{cancelled}");
        let answered = said_of(future::ready(Ok(Response::new(()))));
        assert!(answered.contains("http.response.status_code=200") && !answered.contains("error.type="), "{answered}");
    }
}
