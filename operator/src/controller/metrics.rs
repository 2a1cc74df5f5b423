//! How long reconciles take, and how they end.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;

use crate::{certificate_metrics, condition_metrics};

pub(super) struct Metrics {
    duration: Histogram<f64>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        condition_metrics::observe();
        certificate_metrics::observe();
        let duration = telemetry::meter()
            .f64_histogram("socialplatform.operator.reconcile.duration")
            .with_unit("s")
            .with_description("Duration of reconciles, by outcome: changed, unchanged or error.")
            .with_boundaries(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
            .build();
        Self { duration }
    }

    /// Records a reconcile: whether it wrote anything, or nothing at all if it failed.
    pub(super) fn record(&self, took: Duration, wrote: Option<bool>) {
        self.duration.record(took.as_secs_f64(), &[KeyValue::new("outcome", outcome(wrote))]);
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
