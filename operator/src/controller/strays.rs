//! Backups whose platform is not there. There is nothing to reconcile that would look after them, so they are gone through whenever a
//! backup changes or a platform goes.

use futures::FutureExt;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::backoff::{APART, jittered, wait};
use super::{Controller, DEBOUNCE, Failure};
use crate::crd::SocialPlatformBackup;
use crate::reconcile::{self, report};

/// Tells them until the operator ends. `changes` is true from when the platforms have been listed.
pub(super) async fn follow(controller: &Controller, mut changes: watch::Receiver<bool>) {
    let mut failures = 0_u32;
    while is_due(controller, &mut changes, failures).await {
        failures = if tell(controller).await { 0 } else { failures.saturating_add(1) };
    }
}

/// Waits for a change, or until it is time to try again; after a failure no change hurries it. Not due any more, once the operator
/// ends.
async fn is_due(controller: &Controller, changes: &mut watch::Receiver<bool>, failures: u32) -> bool {
    let changed = async {
        if failures > 0 {
            sleep(APART).await;
        }
        let changed = changes.changed().await;
        // A platform that is written together with its backup comes a moment later.
        sleep(DEBOUNCE).await;
        changed.is_ok() && changes.wait_for(|listed| *listed).await.map(drop).is_ok()
    };
    tokio::select! {
        changed = changed => changed,
        () = sleep(jittered(wait(failures))), if failures > 0 => true,
        () = controller.queue.closed() => false,
    }
}

/// Writes what becomes of each of them, if that is another than before. Whether all of it could be written.
async fn tell(controller: &Controller) -> bool {
    let is_there = |namespace: &str, name: &str| controller.platforms.get(&ObjectRef::new(name).within(namespace)).is_some();
    let mut is_told = true;
    for backup in controller.context.cache.strays(is_there) {
        // The operator ends: what is under way may end, and nothing more begins.
        if controller.queue.closed().now_or_never().is_some() {
            break;
        }
        if let Err(failure) = tell_one(controller, &backup).await {
            let (backup, namespace) = (backup.name_any(), backup.namespace());
            tracing::error!(error = %failure, backup, namespace, "failed to tell a backup without a platform; it is tried again");
            controller.metrics.failed(&failure);
            is_told = false;
        }
    }
    is_told
}

async fn tell_one(controller: &Controller, backup: &SocialPlatformBackup) -> Result<bool, Failure> {
    let limit = controller.options.timeout;
    let told = timeout(limit, report::tell_stray(&controller.context, backup)).await;
    told.map_err(|_| Failure::Timeout(limit))?.map_err(|error| reconcile::Error::from(error).into())
}
