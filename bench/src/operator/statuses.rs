//! What the statuses of all platforms say, by a watch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::StreamExt;
use kube::ResourceExt;
use kube::api::DynamicObject;
use kube::runtime::{WatchStreamExt, watcher};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cluster::Cluster;
use crate::Result;

/// By name.
pub type All = HashMap<String, Status>;

/// Of one platform.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// The generation of the spec that it speaks of.
    pub observed: i64,
    /// The condition `Ready` is true.
    pub ready: bool,
}

/// The watch; it ends with this.
pub struct Statuses {
    known: Arc<Known>,
    _watching: JoinSet<()>,
}

#[derive(Default)]
struct Known {
    all: Mutex<All>,
    changed: Notify,
}

impl Known {
    fn all(&self) -> MutexGuard<'_, All> {
        // Nothing panics while it is held.
        self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Statuses {
    /// Begins to watch.
    pub fn follow(cluster: &Cluster) -> Self {
        let known = Arc::new(Known::default());
        let platforms = watcher(cluster.api(), watcher::Config::default()).default_backoff().applied_objects();
        let mut watching = JoinSet::new();
        let kept = known.clone();
        watching.spawn(async move {
            let mut platforms = std::pin::pin!(platforms);
            while let Some(found) = platforms.next().await {
                // A watch that failed is begun again.
                let Ok(platform) = found else { continue };
                kept.all().insert(platform.name_any(), Status::of(&platform));
                kept.changed.notify_waiters();
            }
        });
        Self { known, _watching: watching }
    }

    /// Waits until they are so; `what` finishes the sentence "waited in vain for …".
    pub async fn until(&self, patience: Duration, what: &str, so: impl Fn(&All) -> bool) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            // Before looking, so that nothing is missed in between.
            let changed = self.known.changed.notified();
            if so(&self.known.all()) {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                let all = self.known.all();
                let ready = all.values().filter(|status| status.ready).count();
                return Err(format!("waited in vain for {what}: of {} platforms, {ready} are ready", all.len()).into());
            }
        }
    }
}

impl Status {
    fn of(platform: &DynamicObject) -> Self {
        let status = &platform.data["status"];
        let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        Self { observed: status["observedGeneration"].as_i64().unwrap_or(0), ready }
    }
}
