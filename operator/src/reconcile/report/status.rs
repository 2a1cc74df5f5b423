//! The status of a platform. Pure.

use contracts::Service;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;

use super::findings;
use crate::backups::last_verified;
use crate::crd::{BackupsStatus, ComponentStatus, MigrationStatus, SocialPlatformStatus};
use crate::migration::is_same_work;
use crate::platform::Platform;
use crate::reconcile::Cluster;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::merged;
use crate::reconcile::validate::{Problem, url};
use crate::resources::deployment::{available_replicas, image, is_available, replicas, version};

/// How far a reconcile came.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    /// The resource cannot be brought about as it is.
    Refused(&'a [Problem]),
    /// An object cannot be written, for this reason.
    Unwritten(&'a Platform, &'a str, Write),
    /// It is to be left as it is.
    Paused,
    /// It was applied, as far as it goes.
    Applied(&'a Platform, &'a Outcome),
}

/// How writing an object ended.
#[derive(Clone, Copy)]
pub(super) enum Write {
    /// The API server says no, and will again.
    Refused,
    /// It may yet be taken, if later than after most of what goes wrong.
    Failed,
}

/// The status after a reconcile.
pub(super) fn status(cluster: &Cluster, view: View<'_>) -> SocialPlatformStatus {
    let resource = &*cluster.resource;
    let old = resource.status.clone().unwrap_or_default();
    let wanted = &resource.spec.version;
    let (version, migration) = match view {
        View::Applied(_, outcome) if outcome.progress == Progress::Migrated => {
            let runs = outcome.resources.deployments.iter().all(is_available);
            let version = if runs { Some(wanted.clone()) } else { old.version.clone() };
            (version, Some(migration(old.migration.as_ref(), &outcome.resources.migration, wanted)))
        }
        _ => (old.version.clone(), old.migration.clone()),
    };
    let findings = findings::findings(cluster, view, &old.conditions);
    SocialPlatformStatus {
        observed_generation: cluster.generation(),
        target_version: (version.as_ref() != Some(wanted)).then(|| wanted.clone()),
        version,
        url: Some(url(resource)),
        migration,
        backups: backups(cluster, view, old.backups.as_ref()),
        components: components(cluster, view),
        conditions: merged(&old.conditions, findings, cluster.generation(), cluster.now),
    }
}

/// The record of the migration that `job` did. One that is recorded stays as it is, whatever became of its Job.
fn migration(old: Option<&MigrationStatus>, job: &Job, version: &str) -> MigrationStatus {
    let name = job.name_any();
    match old {
        Some(old) if is_same_work(&old.job, &name) => old.clone(),
        _ => MigrationStatus {
            version: version.to_owned(),
            job: name,
            completed_at: job.status.as_ref().and_then(|status| status.completion_time.clone()),
        },
    }
}

/// What there is of backups.
fn backups(cluster: &Cluster, view: View<'_>, old: Option<&BackupsStatus>) -> Option<BackupsStatus> {
    cluster.resource.spec.backup.as_ref()?;
    let old = old.cloned().unwrap_or_default();
    // A time of the schedule is over when its backup was created, or when the one before was still being made.
    let over = match view {
        View::Applied(platform, Outcome { progress: Progress::Migrated, .. }) => {
            platform.backup.as_ref().and_then(|backup| backup.slot).map(Time)
        }
        _ => None,
    };
    let (last_verified, last_verified_at) = match last_verified(&cluster.backups) {
        Some((name, at)) => (Some(name), Some(Time(at))),
        // Whoever deletes the resource has not deleted the bytes.
        None => (old.last_verified, old.last_verified_at),
    };
    Some(BackupsStatus { last_scheduled_at: over.or(old.last_scheduled_at), last_verified, last_verified_at })
}

/// One row for each service, sorted by name.
fn components(cluster: &Cluster, view: View<'_>) -> Vec<ComponentStatus> {
    let row = |service: Service| {
        let name = format!("{}-{service}", cluster.resource.name_any());
        let deployment = match view {
            View::Applied(_, outcome) => named(outcome.resources.deployments.iter(), &name),
            _ => named(cluster.children.deployments.iter().map(|deployment| &**deployment), &name),
        }?;
        Some(ComponentStatus {
            name: service.name().to_owned(),
            ready: available_replicas(deployment),
            desired: replicas(deployment),
            version: version(deployment).map(str::to_owned),
            image: image(deployment).unwrap_or_default().to_owned(),
        })
    };
    let mut rows: Vec<_> = Service::ALL.into_iter().filter_map(row).collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

fn named<'a>(mut deployments: impl Iterator<Item = &'a Deployment>, name: &str) -> Option<&'a Deployment> {
    deployments.find(|deployment| deployment.metadata.name.as_deref() == Some(name))
}
