//! How long reconciles take, and how they end.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

use super::Failure;
use crate::reconcile::Error;
use crate::{certificate_metrics, condition_metrics};

static WATCH_RESTARTS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("socialplatform.operator.watch.restarts")
        .with_description("Watches that failed and were begun again, by the kind that is watched.")
        .build()
});

/// The words for why a reconcile failed.
const KINDS: [&str; 6] = ["fetch", "apply", "refused", "report", "timeout", "stopping"];

pub(super) struct Metrics {
    duration: Histogram<f64>,
    errors: Counter<u64>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        condition_metrics::observe();
        certificate_metrics::observe();
        let duration = telemetry::meter()
            .f64_histogram("socialplatform.operator.reconcile.duration")
            .with_unit("s")
            .with_description("Duration of reconciles, by outcome: changed, unchanged or error.")
            .with_boundaries(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
            .build();
        let errors = telemetry::meter()
            .u64_counter("socialplatform.operator.reconcile.errors")
            .with_description("Reconciles that failed, by the step that did, or why.")
            .build();
        // Before the first one there is a zero to compare with.
        KINDS.iter().for_each(|kind| errors.add(0, &[KeyValue::new("error.type", *kind)]));
        Self { duration, errors }
    }

    /// Counts a failure.
    pub(super) fn failed(&self, failure: &Failure) {
        self.errors.add(1, &[KeyValue::new("error.type", kind(failure))]);
    }

    /// Records a reconcile: whether it wrote anything, or nothing at all if it failed.
    pub(super) fn record(&self, took: Duration, wrote: Option<bool>) {
        self.duration.record(took.as_secs_f64(), &[KeyValue::new("outcome", outcome(wrote))]);
    }
}

/// A watch was begun again, or so many were; zero makes the kind known.
pub(super) fn watch_restarted(kind: &str, times: u64) {
    WATCH_RESTARTS.add(times, &[KeyValue::new("kind", kind.to_owned())]);
}

/// A write that the API server refuses is another thing than one that did not come through.
fn kind(failure: &Failure) -> &'static str {
    let [fetch, apply, refused, report, timeout, stopping] = KINDS;
    match failure {
        Failure::Reconcile(Error::Fetch(_)) => fetch,
        Failure::Reconcile(Error::Apply(error) | Error::Unwritten(error)) if error.is_refusal() => refused,
        Failure::Reconcile(Error::Apply(_) | Error::Unwritten(_)) => apply,
        Failure::Reconcile(Error::Report(_)) => report,
        Failure::Timeout(_) => timeout,
        Failure::Stopping(_) => stopping,
    }
}

/// The word for how a reconcile ended, in metrics and in spans.
pub(super) fn outcome(wrote: Option<bool>) -> &'static str {
    match wrote {
        Some(true) => "changed",
        Some(false) => "unchanged",
        None => "error",
    }
}
