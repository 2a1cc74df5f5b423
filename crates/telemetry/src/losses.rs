//! What telemetry says of itself: signals that could not be sent, or were dropped.
//!
//! The SDK reports its trouble as log events of static names. They are counted here and not by an instrument, because
//! the SDK may hold its own locks while it reports.

use std::collections::BTreeMap;
use std::sync::Mutex;

use opentelemetry::KeyValue;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;

use crate::meter;

/// The target under which the SDK and its exporters log: the beginning of their crates' names.
pub(crate) const TARGET: &str = "opentelemetry";

/// Those that mean a loss are there from the start, so that a graph of them begins at zero.
const LOSSES: [&str; 5] = [
    "BatchLogProcessor.ExportError",
    "BatchLogProcessor.LogDroppingStarted",
    "BatchSpanProcessor.ExportError",
    "BatchSpanProcessor.SpanDroppingStarted",
    "PeriodicReader.ExportError",
];

static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// Counts what the SDK reports.
pub(crate) struct Losses;

impl<S: Subscriber> Layer<S> for Losses {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        // A holder that panicked left a number behind, and no half of one.
        let mut counts = COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *counts.entry(event.metadata().name()).or_default() += 1;
    }
}

/// Makes the counter; once, after the meters are set up.
pub(crate) fn observe() {
    let mut counts = COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for name in LOSSES {
        counts.entry(name).or_default();
    }
    drop(counts);
    let _problems = meter()
        .u64_observable_counter("socialplatform.telemetry.problems")
        .with_unit("{problem}")
        .with_description("Warnings and errors of the telemetry itself, by their name: exports that failed, signals that were dropped.")
        .with_callback(|observer| {
            let counts = COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
            for (name, count) in counts {
                observer.observe(count, &[KeyValue::new("problem", name)]);
            }
        })
        .build();
}
