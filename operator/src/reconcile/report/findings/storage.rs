//! Storage that is on its way out while pods still use it, and volumes that stay as they are.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt};

use super::{APPLY_FAILED, carried};
use crate::reconcile::Cluster;
use crate::reconcile::apply::RefusedVolume;
use crate::reconcile::conditions::{Finding, READY, Truth, VOLUMES_APPLIED};
use crate::resources::persistent_volume_claim::size;

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

/// Which volumes the API server does not take as they should be; nothing, if it takes all. A platform is Ready with them as they are.
pub(super) fn refused(volumes: &[RefusedVolume]) -> Option<Finding> {
    let told: Vec<_> = volumes.iter().map(stays).collect();
    (!told.is_empty()).then(|| Finding::new(VOLUMES_APPLIED, Truth::False, APPLY_FAILED, told.join("; ")))
}

fn stays(RefusedVolume { error, live }: &RefusedVolume) -> String {
    let class = live.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref());
    let class = class.map_or("its StorageClass".to_owned(), |class| format!("StorageClass {class}"));
    let size = size(live).unwrap_or("what it has");
    format!(
        "{error}; it stays as it is, and nothing waits for it: where {class} does not let volumes grow, set its storage in \
         the spec back to {size}, or let the class do so (allowVolumeExpansion)"
    )
}

/// The same as it was, if it was.
pub(super) fn before(old: &[Condition]) -> Option<Finding> {
    old.iter().any(|old| old.type_ == VOLUMES_APPLIED).then(|| carried(old, VOLUMES_APPLIED))
}

fn is_going(object: &impl Resource) -> bool {
    object.meta().deletion_timestamp.is_some()
}
