//! Resources whose turn has not come: only so many are reconciled at once, over all namespaces.
//!
//! The runtime's own limit says neither how many wait nor for how long, so this is the only one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// Who waits, in the order in which they came.
pub(super) struct Queue {
    permits: Semaphore,
    waiting: Mutex<Waiting>,
    /// True when nobody gets a turn any more.
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    since: BTreeMap<u64, Instant>,
}

/// A place in the queue.
struct Place<'a> {
    queue: &'a Queue,
    number: u64,
}

impl Queue {
    /// Lets so many through at once.
    pub(super) fn new(concurrency: u16) -> Self {
        Self { permits: Semaphore::new(concurrency.into()), waiting: Mutex::default(), closed: watch::Sender::new(false) }
    }

    /// Waits for the turn; none, if it will not come any more.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let _place = self.place();
        self.permits.acquire().await.ok()
    }

    /// Lets nobody through any more: whoever waits goes.
    pub(super) fn close(&self) {
        self.permits.close();
        self.closed.send_replace(true);
    }

    /// Resolves when nobody gets a turn any more.
    pub(super) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender is ours, so it is there.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Shows how many wait, and for how long the first of them; once the meters are set up.
    pub(super) fn observe(self: &Arc<Self>) {
        let queue = self.clone();
        let _depth = telemetry::meter()
            .u64_observable_gauge("socialplatform.operator.queue.depth")
            .with_description("Platforms that are to be reconciled and whose turn has not come.")
            .with_callback(move |observer| observer.observe(queue.depth(), &[]))
            .build();
        let queue = self.clone();
        let _age = telemetry::meter()
            .f64_observable_gauge("socialplatform.operator.queue.age")
            .with_unit("s")
            .with_description("How long the first of them has waited.")
            .with_callback(move |observer| observer.observe(queue.age().as_secs_f64(), &[]))
            .build();
    }

    fn place(&self) -> Place<'_> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let number = waiting.last;
        waiting.since.insert(number, Instant::now());
        Place { queue: self, number }
    }

    fn depth(&self) -> u64 {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).since.len() as u64
    }

    fn age(&self) -> Duration {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.since.first_key_value().map(|(_, since)| since.elapsed()).unwrap_or_default()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).since.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_counted_until_the_turn_has_come() {
        let queue = Queue::new(1);
        let first = queue.turn().now_or_never().flatten();
        assert!(first.is_some());
        assert_eq!((queue.depth(), queue.age()), (0, Duration::ZERO));

        let mut second = pin!(queue.turn());
        assert!(poll!(second.as_mut()).is_pending());
        assert!(queue.depth() == 1 && queue.age() > Duration::ZERO);
        drop(first);
        let second = second.await;
        assert!(second.is_some());
        assert_eq!(queue.depth(), 0);
    }

    #[tokio::test]
    async fn whoever_waits_at_the_end_goes() {
        let queue = Queue::new(1);
        let first = queue.turn().await;
        let mut second = pin!(queue.turn());
        assert!(poll!(second.as_mut()).is_pending());
        queue.close();
        assert!(second.await.is_none());
        assert!(first.is_some(), "what has begun goes on");
        assert_eq!(queue.depth(), 0);
    }
}
