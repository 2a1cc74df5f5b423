//! What is counted of a request that arrives: that it is here, how long it took, and how it ended.

use std::sync::LazyLock;
use std::time::Instant;

use http::StatusCode;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, UpDownCounter};
use tracing::Span;

use crate::{DURATION_BUCKETS, meter};

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    meter()
        .f64_histogram("http.server.request.duration")
        .with_unit("s")
        .with_description("Duration of requests.")
        .with_boundaries(DURATION_BUCKETS.to_vec())
        .build()
});

static ACTIVE: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    meter().i64_up_down_counter("http.server.active_requests").with_unit("{request}").with_description("Requests in flight.").build()
});

/// The `error.type` of a request, or of a call, whose caller did not wait for the answer. It has no status.
pub(crate) const CANCELLED: &str = "cancelled";

/// A request from its arrival to its end. hyper drops the future of a request whose caller hangs up, and those who give
/// up have often waited longest: so what is dropped without an answer is measured, too.
pub(crate) struct InFlight {
    start: Instant,
    method: &'static str,
    scheme: &'static str,
    route: Option<String>,
    span: Span,
    status: Option<StatusCode>,
}

impl InFlight {
    /// One has arrived. `method` and `scheme` are of few words, and `route` is the router's template.
    pub(crate) fn begin(method: &'static str, scheme: &'static str, route: Option<String>, span: Span) -> Self {
        ACTIVE.add(1, &known_from_the_start(method, scheme));
        Self { start: Instant::now(), method, scheme, route, span, status: None }
    }

    /// It was answered, by the handler of its route or by something before it.
    pub(crate) fn answered(mut self, status: StatusCode, handled: bool) {
        self.status = Some(status);
        self.route = self.route.take().filter(|_| handled);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let at_first = known_from_the_start(self.method, self.scheme);
        ACTIVE.add(-1, &at_first);
        let mut labels = Vec::with_capacity(5);
        labels.extend(at_first);
        if let Some(route) = self.route.take() {
            labels.push(KeyValue::new("http.route", route));
        }
        if let Some(status) = self.status {
            let code = i64::from(status.as_u16());
            self.span.record("http.response.status_code", code);
            labels.push(KeyValue::new("http.response.status_code", code));
        }
        let failure = match self.status {
            Some(status) if status.is_server_error() => Some(status.as_str().to_owned()),
            Some(_) => None,
            None => Some(CANCELLED.to_owned()),
        };
        if let Some(failure) = failure {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", failure.as_str());
            labels.push(KeyValue::new("error.type", failure));
        }
        DURATION.record(self.start.elapsed().as_secs_f64(), &labels);
    }
}

fn known_from_the_start(method: &'static str, scheme: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("http.request.method", method), KeyValue::new("url.scheme", scheme)]
}
