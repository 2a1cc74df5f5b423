//! How busy tokio is, which runs everything: asked of the runtime itself whenever metrics are read.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::meter;

/// Makes the instruments for the runtime that this is called on; once, after the meters are set up. Whoever has none has
/// nothing to tell.
pub(crate) fn observe() {
    let Ok(runtime) = Handle::try_current() else { return };
    let runtime = runtime.metrics();
    level(&runtime, "tokio.runtime.workers", "{thread}", "Threads that run tasks.", RuntimeMetrics::num_workers);
    level(&runtime, "tokio.runtime.tasks", "{task}", "Tasks that have not ended.", RuntimeMetrics::num_alive_tasks);
    let about = "Tasks that wait in the queue of all workers for one that is free.";
    level(&runtime, "tokio.runtime.queue", "{task}", about, RuntimeMetrics::global_queue_depth);
    let _busy = meter()
        .f64_observable_counter("tokio.runtime.busy")
        .with_unit("s")
        .with_description("Time that workers have spent at work, of all of them.")
        .with_callback(move |observer| observer.observe(busy(&runtime).as_secs_f64(), &[]))
        .build();
}

fn level(runtime: &RuntimeMetrics, name: &'static str, unit: &'static str, about: &'static str, read: fn(&RuntimeMetrics) -> usize) {
    let runtime = runtime.clone();
    let _level = meter()
        .i64_observable_up_down_counter(name)
        .with_unit(unit)
        .with_description(about)
        .with_callback(move |observer| observer.observe(i64::try_from(read(&runtime)).unwrap_or(i64::MAX), &[]))
        .build();
}

fn busy(runtime: &RuntimeMetrics) -> Duration {
    (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker)).sum()
}
