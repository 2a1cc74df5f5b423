//! Whether this operator works, or waits for the Lease: of several, exactly one should work. And whether the one that works has
//! begun to: it reconciles nothing before it has listed everything that it watches.

use std::sync::LazyLock;

use opentelemetry::metrics::Gauge;

static LEADER: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_gauge("socialplatform.operator.leader")
        .with_description("1 while this operator works, 0 while it waits for the Lease.")
        .build()
});
static LISTED: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_gauge("socialplatform.operator.listed")
        .with_description("0 until everything that this operator watches has been listed once, then 1; only of one that works.")
        .build()
});

/// Says which; once the meters are set up.
pub fn set(works: bool) {
    LEADER.record(works.into(), &[]);
}

/// Says whether everything that is watched has been listed; once the meters are set up.
pub fn listed(all: bool) {
    LISTED.record(all.into(), &[]);
}
