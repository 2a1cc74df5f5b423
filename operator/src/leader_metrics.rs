//! Whether this operator works, or waits for the Lease: of several, exactly one should work.

use std::sync::LazyLock;

use opentelemetry::metrics::Gauge;

static LEADER: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_gauge("socialplatform.operator.leader")
        .with_description("1 while this operator works, 0 while it waits for the Lease.")
        .build()
});

/// Says which; once the meters are set up.
pub fn set(works: bool) {
    LEADER.record(works.into(), &[]);
}
