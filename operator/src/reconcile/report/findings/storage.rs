//! Storage that is on its way out while pods still use it.

use kube::{Resource, ResourceExt};

use crate::reconcile::Cluster;
use crate::reconcile::conditions::{Finding, READY, Truth};

/// A volume or a database that somebody has deleted goes when nobody uses it any more, and Kubernetes takes no deletion back: until
/// then, its data can be saved.
const TERMINATING: &str = "StorageTerminating";

/// Not ready, if what holds the data is going.
pub(super) fn going(cluster: &Cluster) -> Option<Finding> {
    let children = &cluster.children;
    let volumes = children.volume_claims.iter().filter(|it| is_going(&***it)).map(|it| format!("PersistentVolumeClaim {}", it.name_any()));
    let databases = children.postgres_clusters.iter().filter(|it| is_going(&***it)).map(|it| format!("Cluster {}", it.name_any()));
    let going: Vec<_> = volumes.chain(databases).collect();
    let message = format!(
        "{} is deleted as soon as no pod uses it, with all that it holds, and that cannot be taken back: copy the data out of the pod that \
         runs before anything restarts it; a new, empty one is made afterwards",
        going.join(", ")
    );
    (!going.is_empty()).then(|| Finding::new(READY, Truth::False, TERMINATING, message))
}

/// Does a person have to act before the data is gone?
pub(super) fn is_about_data(ready: &Finding) -> bool {
    ready.reason == TERMINATING
}

fn is_going(object: &impl Resource) -> bool {
    object.meta().deletion_timestamp.is_some()
}
