//! How full a pool is, asked of the pool itself whenever metrics are read.

use contracts::Service;
use opentelemetry::KeyValue;
use sqlx::PgPool;

/// Makes the pool's instruments. Each pool has a callback of its own under the same names, told apart by the pool's
/// name. How many wait for a connection (`pending_requests`) is not known, sqlx does not count them; how long those waited who
/// got one is `wait_time`, and how many got none is `timeouts`. Neither are `use_time` and `create_time`: what sqlx calls when a
/// connection is given, given back or made names neither the connection nor the time when that began.
pub(crate) fn observe(pool: &PgPool, service: Service) {
    let meter = telemetry::meter();
    let name = KeyValue::new("db.client.connection.pool.name", service.name());
    let state = |state: &'static str| [name.clone(), KeyValue::new("db.client.connection.state", state)];
    let (idle, used, counted) = (state("idle"), state("used"), pool.clone());
    let _count = meter
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_unit("{connection}")
        .with_description("Connections of the pool.")
        .with_callback(move |observer| {
            let free = i64::try_from(counted.num_idle()).unwrap_or(i64::MAX);
            observer.observe(free, &idle);
            observer.observe((i64::from(counted.size()) - free).max(0), &used);
        })
        .build();
    let most = i64::from(pool.options().get_max_connections());
    let _max = meter
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_unit("{connection}")
        .with_description("Connections that the pool may have.")
        .with_callback(move |observer| observer.observe(most, std::slice::from_ref(&name)))
        .build();
}
