//! How many streams are open, how they end, and how soon they tell.

use std::sync::LazyLock;

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};

use crate::store::stream::{Told, What};

static OPEN: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    let about = "Streams that are open.";
    telemetry::meter().i64_up_down_counter("socialplatform.stream.open").with_unit("{stream}").with_description(about).build()
});
static REFUSED: LazyLock<Counter<u64>> =
    LazyLock::new(|| count("socialplatform.stream.refused", "{stream}", "Streams that were not opened, by reason."));
static ENDED: LazyLock<Counter<u64>> = LazyLock::new(|| count("socialplatform.stream.ended", "{stream}", "Streams that ended, by reason."));
static EVENTS: LazyLock<Counter<u64>> = LazyLock::new(|| count("socialplatform.stream.events", "{event}", "Events sent to streams."));
static LAG: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter()
        .f64_histogram("socialplatform.stream.lag")
        .with_unit("s")
        .with_description("Time from a new post until an open stream tells it.")
        .with_boundaries(vec![0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0])
        .build()
});

fn count(name: &'static str, unit: &'static str, about: &'static str) -> Counter<u64> {
    telemetry::meter().u64_counter(name).with_unit(unit).with_description(about).build()
}

/// A stream was opened (1) or is closed (-1).
pub(super) fn opened(change: i64) {
    OPEN.add(change, &[]);
}

/// None was refused yet: a counter begins at zero here, so that a graph does too.
pub(super) fn begin() {
    for reason in ["not_yet", "of_account", "of_all"] {
        REFUSED.add(0, &[KeyValue::new("reason", reason)]);
    }
}

/// A stream was not opened.
pub(super) fn refused(reason: &'static str) {
    REFUSED.add(1, &[KeyValue::new("reason", reason)]);
}

/// A stream has ended.
pub(crate) fn ended(reason: &'static str) {
    ENDED.add(1, &[KeyValue::new("reason", reason)]);
}

/// An event is on its way to a client.
pub(crate) fn sent() {
    EVENTS.add(1, &[]);
}

/// These were told while they happened. The id of a post says when it was written.
pub(crate) fn told(told: &[Told]) {
    let now = Timestamp::now().as_millisecond();
    for told in told {
        if let What::Post(id) = told.what {
            let milliseconds = now.saturating_sub(id.0 >> 16).max(0);
            LAG.record(milliseconds as f64 / 1000.0, &[]);
        }
    }
}
