//! How it goes to hand over letters: a client span each, and a duration by outcome. Nothing says to whom.

use std::sync::LazyLock;
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::{Instrument, field};

use crate::SendError;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter()
        .f64_histogram("socialplatform.mail.send.duration")
        .with_unit("s")
        .with_description("Time to hand over a letter, by outcome: sent, refused (for good), or not_now (it is tried again).")
        .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
        .build()
});

/// Watches the hand-over of one letter. `system` is `smtp` or `folder`, `server` the name of the mail server.
pub(crate) async fn watched(
    system: &'static str,
    server: &str,
    sending: impl Future<Output = Result<(), SendError>>,
) -> Result<(), SendError> {
    let span = tracing::info_span!(
        "mail",
        otel.name = "send letter",
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        network.protocol.name = system,
        server.address = server,
    );
    let start = Instant::now();
    let result = sending.instrument(span.clone()).await;
    let outcome = match &result {
        Ok(()) => "sent",
        Err(SendError::Refused(_)) => "refused",
        Err(SendError::NotNow(_) | SendError::Folder(_)) => "not_now",
    };
    DURATION.record(start.elapsed().as_secs_f64(), &[KeyValue::new("outcome", outcome)]);
    if result.is_err() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", outcome);
    }
    result
}
