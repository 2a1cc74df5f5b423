//! The next step of a replacement of passwords and keys, once everything is as this step wants it.

use std::sync::Arc;

use contracts::Service;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::Progress;
use super::database::ready;
use super::writer::{Error, Orphan, Writer, find};
use crate::platform::Platform;
use crate::reconcile::Cluster;
use crate::resources::deployment::is_available;
use crate::resources::{Applied, Resources, secret};
use crate::rotation::{Facts, Phase, Slot, Step};

/// Writes the next phase if it is due; says when to look again if it waits for a time. What the new phase wants is made by
/// the reconcile that this write starts.
pub(super) async fn advance(
    writer: &mut Writer<'_>,
    cluster: &Cluster,
    platform: &Platform,
    resources: &Resources<Applied>,
    progress: &Progress,
) -> Result<Option<Timestamp>, Error> {
    let left_over = left_over(cluster, platform);
    let facts = Facts {
        wanted: cluster.resource.rotation(),
        idle_is_empty: left_over.is_empty(),
        settled_since: settled_since(platform, resources, progress),
        overlap: cluster.rotation_overlap,
        now: cluster.now,
    };
    // The deletion policy retains them, so nothing else takes them away.
    writer.delete(&left_over).await?;
    match platform.rotation.next(&facts) {
        Step::Stay => Ok(None),
        Step::Wait(until) => Ok(Some(until)),
        Step::Go(rotation) => {
            let secret = secret::rotation(platform, &rotation);
            // As it is by now, if it was written a moment ago.
            let applied = resources.secrets.iter().find(|it| it.name_any() == secret.name_any());
            let live = applied.cloned().map(Arc::new).or_else(|| find(&cluster.children.secrets, &secret.name_any()));
            writer.apply_one(secret, live).await?;
            Ok(None)
        }
    }
}

/// What is still there of the slot that a rotation has emptied.
fn left_over(cluster: &Cluster, platform: &Platform) -> Vec<Orphan<Secret>> {
    if platform.rotation.phase != Phase::Settled {
        return Vec::new();
    }
    let idle: Slot = platform.rotation.active.other();
    let names = Service::ALL.into_iter().flat_map(|service| ["key", "database"].map(|what| platform.named(&idle.secret(service, what))));
    let secrets = names.filter_map(|name| find(&cluster.children.secrets, &name));
    secrets.filter(|secret| secret.metadata.deletion_timestamp.is_none()).map(|secret| Orphan::of(&*secret)).collect()
}

/// Since when database and pods are as they should be; none while they are not. A platform that sleeps has nothing that
/// could follow.
fn settled_since(platform: &Platform, resources: &Resources<Applied>, progress: &Progress) -> Option<Timestamp> {
    let secrets = [resources.secrets.as_slice(), resources.new_secrets.as_slice()];
    let database = ready(platform, &resources.postgres_clusters, &secrets);
    if *progress != Progress::Migrated || database.is_err() || !resources.deployments.iter().all(is_available) {
        return None;
    }
    resources.deployments.iter().map(replaced_at).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// When the last of its pods was replaced.
fn replaced_at(deployment: &Deployment) -> Option<Timestamp> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let progressing = conditions.iter().find(|condition| condition.type_ == "Progressing")?;
    let is_over = progressing.reason.as_deref() == Some("NewReplicaSetAvailable");
    progressing.last_update_time.as_ref().filter(|_| is_over).map(|time| time.0)
}
