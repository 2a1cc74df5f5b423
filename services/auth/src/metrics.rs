//! What auth counts beside requests.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};

static SIGN_INS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Attempts to sign in, by outcome: accepted or refused.";
    telemetry::meter().u64_counter("socialplatform.auth.sign_ins").with_unit("{sign_in}").with_description(about).build()
});

static REFRESHES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Uses of refresh tokens, by outcome: rotated, repeated (within the grace), refused, or reused (the session was ended).";
    telemetry::meter().u64_counter("socialplatform.auth.refreshes").with_unit("{refresh}").with_description(about).build()
});

static HASH_WAIT: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter()
        .f64_histogram("socialplatform.auth.password_hash.wait")
        .with_unit("s")
        .with_description("Time that a password hash waited for its turn.")
        .with_boundaries(vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        .build()
});

static HASHES_REFUSED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Password hashes that were turned away because too many waited.";
    telemetry::meter().u64_counter("socialplatform.auth.password_hashes.refused").with_unit("{hash}").with_description(about).build()
});

static HASH_PLACES: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    let about = "Password hashes that may run or wait.";
    telemetry::meter().u64_gauge("socialplatform.auth.password_hashes.limit").with_unit("{hash}").with_description(about).build()
});

/// How a sign-in ended.
pub(crate) fn signed_in(accepted: bool) {
    SIGN_INS.add(1, &[KeyValue::new("outcome", if accepted { "accepted" } else { "refused" })]);
}

/// How the use of a refresh token ended.
pub(crate) fn refreshed(outcome: &'static str) {
    REFRESHES.add(1, &[KeyValue::new("outcome", outcome)]);
}

/// A hash's turn came.
pub(crate) fn hash_waited(time: Duration) {
    HASH_WAIT.record(time.as_secs_f64(), &[]);
}

/// A hash was turned away.
pub(crate) fn hash_refused() {
    HASHES_REFUSED.add(1, &[]);
}

/// How many hashes there may be. Counters that nothing has happened to yet begin at zero here, so that a graph does too.
pub(crate) fn hash_places(places: usize) {
    HASH_PLACES.record(places as u64, &[]);
    HASHES_REFUSED.add(0, &[]);
    REFRESHES.add(0, &[KeyValue::new("outcome", "reused")]);
}
