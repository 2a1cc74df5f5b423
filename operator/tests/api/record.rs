//! Every Job that there ever is, also one that is soon gone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::runtime::{WatchStreamExt, watcher};
use tokio::task::JoinHandle;

use crate::harness::Harness;

/// Goes on until it is dropped.
pub struct Record {
    uids: Arc<Mutex<BTreeSet<String>>>,
    watching: JoinHandle<()>,
}

impl Record {
    /// Of the Jobs of these components, from now on.
    pub fn of(harness: &Harness, components: &[&str]) -> Self {
        let selector = format!("app.kubernetes.io/component in ({})", components.join(","));
        let jobs = watcher(harness.api::<Job>(), watcher::Config::default().labels(&selector)).default_backoff().touched_objects();
        let uids = Arc::new(Mutex::new(BTreeSet::new()));
        let into = uids.clone();
        let watching = tokio::spawn(jobs.for_each(move |job| {
            into.lock().unwrap().extend(job.ok().and_then(|job| job.uid()));
            futures::future::ready(())
        }));
        Self { uids, watching }
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.uids.lock().unwrap().len()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
