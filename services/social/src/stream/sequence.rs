//! Gives committed events their positions, and forgets old ones.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::watch;

use super::{KEEP, POLL};
use crate::store::stream;

/// How often old events are looked for.
const FORGET: Duration = Duration::from_secs(60);

/// Sequences until dropped. Every replica runs it; a lock lets one work at a time.
pub(crate) async fn run(pool: &PgPool, mut written: watch::Receiver<()>) {
    let mut forgotten = Instant::now();
    loop {
        match stream::sequence(pool).await.inspect_err(database::failed) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "failed to sequence the events of streams; trying again"),
        }
        if forgotten.elapsed() > FORGET {
            forgotten = Instant::now();
            if let Err(error) = stream::forget(pool, KEEP).await.inspect_err(database::failed) {
                tracing::warn!(%error, "failed to delete old events of streams; trying again later");
            }
        }
        let _ = tokio::time::timeout(POLL, written.changed()).await;
    }
}
