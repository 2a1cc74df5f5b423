//! Giving up on whoever sends nothing more: what is set aside for them is wanted by others.

use std::time::Duration;

use serving::{Problem, Result};
use tokio::time::timeout;

use crate::metrics;

/// What arrives next of a body, unless nothing does for as long as `patience`.
pub(crate) async fn next<T>(patience: Duration, arriving: impl Future<Output = T>) -> Result<T> {
    timeout(patience, arriving).await.map_err(|_| {
        metrics::refused("stalled");
        Problem::request_timeout(format!("Nothing came for {} s, and the upload was given up.", patience.as_secs()))
    })
}
