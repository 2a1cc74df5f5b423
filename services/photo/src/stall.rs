//! Giving up on whoever sends nothing more, or so little that they come to no end: what is set aside for them is wanted by others.

use std::time::{Duration, Instant};

use serving::{Problem, Result};
use tokio::time::timeout;

use crate::metrics;

/// How long all that memory is set aside for may take to arrive. No request takes longer, unless `UPLOAD_TIMEOUT_SECONDS` says so.
const WHOLE: Duration = Duration::from_secs(300);

/// How long is waited for what arrives of a body.
pub(crate) struct Patience {
    /// For what comes next.
    stall: Duration,
    /// For all that comes next. What the service takes itself, to read and to keep what has come, is not the sender's.
    left: Duration,
    /// How many bytes memory is set aside for.
    expected: u32,
}

impl Patience {
    /// For a body for which memory of so many bytes is set aside: the more that is, the faster it has to come.
    pub(crate) fn new(stall: Duration, expected: usize) -> Self {
        Self { stall, left: stall, expected: counted(expected).max(1) }
    }

    /// What arrives next, unless nothing does for as long as a stall may last, or too little has come so far.
    pub(crate) async fn next<T>(&mut self, arriving: impl Future<Output = T>) -> Result<T> {
        let began = Instant::now();
        let arrived = timeout(self.stall.min(self.left), arriving).await;
        self.left = self.left.saturating_sub(began.elapsed());
        arrived.map_err(|_| {
            metrics::refused("stalled");
            let stall = self.stall.as_secs();
            Problem::request_timeout(format!("Nothing came for {stall} s, or too little in all, and the upload was given up."))
        })
    }

    /// Waits the longer for what follows these bytes.
    pub(crate) fn came(&mut self, bytes: usize) {
        self.left += WHOLE * counted(bytes) / self.expected;
    }
}

fn counted(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    /// As if so many bytes came every 20 ms, of a megabyte.
    async fn arrives(bytes: usize) -> Result<()> {
        let mut patience = Patience::new(Duration::from_millis(200), 1_000_000);
        for _ in 0..30 {
            patience.next(sleep(Duration::from_millis(20))).await?;
            patience.came(bytes);
        }
        Ok(())
    }

    #[tokio::test]
    async fn who_sends_too_little_is_given_up_though_nothing_is_long_in_coming() {
        assert!(arrives(1).await.is_err());
        // A third of a second for each 1,000.
        assert!(arrives(1_000).await.is_ok());
    }

    #[test]
    fn all_that_is_expected_may_take_five_minutes() {
        let mut patience = Patience::new(Duration::from_secs(15), 20 << 20);
        for _ in 0..20 {
            patience.came(1 << 20);
        }
        assert_eq!(patience.left, Duration::from_secs(315));
    }
}
