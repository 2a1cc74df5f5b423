//! Step 4: the cluster becomes as it should be. An object that already is so is not written.

mod database;
mod rotation;
mod scaling;
mod writer;

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use kube::{Client, Resource, ResourceExt};

use super::Cluster;
use crate::backups::{KEEP, expired, is_left_over};
use crate::components::POSTGRES;
use crate::crd::SocialPlatformBackup;
use crate::migration::{Attempt, State, attempts, is_same_work, state, superseded};
use crate::platform::Platform;
use crate::resources::deployment::is_available;
use crate::resources::{Applied, Prepared, Resources};
use writer::{Object, Orphan, Writer, find, orphans};

pub use database::ready;
pub use writer::Error;

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The objects as they are.
    pub resources: Resources<Applied>,
    /// How far the platform is.
    pub progress: Progress,
    /// When the replacement of passwords and keys goes on, if it waits for a time.
    pub rotates_at: Option<Timestamp>,
    /// How many times the API server was written to.
    pub writes: usize,
}

/// How far the platform is. Nothing waits here: whatever is waited for is watched, and starts the next reconcile.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Storage of the platform's own does not answer yet; this of it.
    WaitingForStores(Vec<String>),
    /// The backup with which the platform begins is being restored.
    Restoring,
    /// It could not be restored; nothing else is made.
    RestoreFailed {
        /// The Job.
        job: String,
        /// What it left behind.
        message: String,
    },
    /// The migration runs; the services run as before.
    Migrating,
    /// The last attempt at the migration failed; the services run as before.
    MigrationFailed {
        /// What the attempt left behind.
        message: String,
        /// When the next one starts.
        retry_at: Option<Timestamp>,
    },
    /// The migration went through, and the services are as they should be.
    Migrated,
    /// No pod is to run; nothing is migrated before the platform wakes.
    Hibernated,
}

impl Progress {
    /// Is every object as it should be, and what is no longer wanted in nobody's way?
    fn is_through(&self) -> bool {
        matches!(self, Self::Migrated | Self::Hibernated)
    }
}

/// Applies `prepared` in the order of its fields, up to the migration if that is not through. A platform that hibernates
/// does not migrate: its stores do not answer.
pub async fn apply(client: &Client, cluster: &Cluster, platform: &Platform, prepared: Resources<Prepared>) -> Result<Outcome, Error> {
    // Without `..`: a kind that is added and not applied does not compile.
    let Resources {
        service_accounts,
        new_secrets,
        secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        prometheus_rules,
        service_monitors,
        postgres_clusters,
        stores,
        restore,
        migration,
        deployments,
        autoscalers,
        certificates,
        ingresses,
        http_routes,
        backup,
        scheduled,
        state: PhantomData::<Prepared>,
    } = prepared;
    let children = &cluster.children;
    let uid = cluster.resource.meta().uid.as_deref();
    let mut writer = Writer::new(client, cluster);

    let service_accounts = writer.apply(service_accounts, &children.service_accounts).await?;
    writer.create(&new_secrets).await?;
    let new_secrets = writer.apply(new_secrets, &[]).await?;
    let secrets = writer.apply(secrets, &children.secrets).await?;
    let config_maps = writer.apply(config_maps, &children.config_maps).await?;
    let network_policies = writer.apply(network_policies, &children.network_policies).await?;
    let disruption_budgets = writer.apply(disruption_budgets, &children.disruption_budgets).await?;
    let services = writer.apply(services, &children.services).await?;
    let volume_claims = writer.apply(volume_claims, &children.volume_claims).await?;
    let prometheus_rules = writer.apply(prometheus_rules, &children.prometheus_rules).await?;
    let service_monitors = writer.apply(service_monitors, &children.service_monitors).await?;

    let asleep = match cluster.resource.is_hibernated() {
        // Services before their stores, and autoscalers before both: they would wake them.
        true => {
            writer.delete(&orphans(uid, &children.autoscalers, &autoscalers)).await?;
            Some(writer.apply(deployments.clone(), &children.deployments).await?)
        }
        false => None,
    };
    let postgres_clusters = writer.apply(postgres_clusters, &children.postgres_clusters).await?;
    let stores = writer.apply(stores, &children.deployments).await?;
    let mut waiting_for: Vec<String> = stores.iter().filter(|store| !is_available(store)).map(ResourceExt::name_any).collect();
    waiting_for.extend(database::ready(platform, &postgres_clusters, &[&secrets, &new_secrets]).err().map(|_| platform.named(POSTGRES)));
    let (migration, progress) = match asleep {
        Some(_) => (find(&children.jobs, &migration.name_any()).map_or(migration, |job| Job::clone(&job)), Progress::Hibernated),
        None => match restored(&mut writer, cluster, restore.as_ref(), &waiting_for).await? {
            Some(progress) => (migration, progress),
            None => migrate(&mut writer, cluster, migration, waiting_for).await?,
        },
    };
    writer.delete(&finished(cluster, &migration)).await?;

    let (deployments, autoscalers) = match (asleep, &progress) {
        (Some(asleep), _) => (asleep, autoscalers),
        (None, Progress::Migrated) => {
            writer.delete(&orphans(uid, &children.autoscalers, &autoscalers)).await?;
            let deployments = scaling::apply(&mut writer, deployments, &autoscalers, &children.deployments).await?;
            (deployments, writer.apply(autoscalers, &children.autoscalers).await?)
        }
        _ => (untouched(&deployments, &children.deployments), untouched(&autoscalers, &children.autoscalers)),
    };
    let certificates = writer.apply(certificates, &children.certificates).await?;
    let (ingresses, http_routes) = match progress.is_through() {
        true => (writer.apply(ingresses, &children.ingresses).await?, writer.apply(http_routes, &children.http_routes).await?),
        false => (untouched(&ingresses, &children.ingresses), untouched(&http_routes, &children.http_routes)),
    };

    let (backup, scheduled) = match progress {
        Progress::Migrated => back_up(&mut writer, cluster, backup, scheduled).await?,
        // One that runs goes on running.
        _ => (backup.and_then(|due| find(&children.jobs, &due.name_any())).map(|job| Job::clone(&job)), None),
    };

    let resources = Resources {
        service_accounts,
        new_secrets,
        secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        prometheus_rules,
        service_monitors,
        postgres_clusters,
        stores,
        restore,
        migration,
        deployments,
        autoscalers,
        certificates,
        ingresses,
        http_routes,
        backup,
        scheduled,
        state: PhantomData::<Applied>,
    };
    let mut rotates_at = None;
    if progress.is_through() {
        prune(&mut writer, cluster, &resources).await?;
        rotates_at = rotation::advance(&mut writer, cluster, platform, &resources, &progress).await?;
    }
    Ok(Outcome { resources, progress, rotates_at, writes: writer.writes })
}

/// Starts the restore, if the platform begins with one. How far it is, until it is through.
async fn restored(
    writer: &mut Writer<'_>,
    cluster: &Cluster,
    due: Option<&Job>,
    waiting_for: &[String],
) -> Result<Option<Progress>, Error> {
    let Some(due) = due else { return Ok(None) };
    let name = due.name_any();
    Ok(match find(&cluster.children.jobs, &name).map(|job| state(job.status.as_ref())) {
        Some(State::Complete) => None,
        Some(State::Running) => Some(Progress::Restoring),
        Some(State::Failed(_)) => {
            let message = cluster.last_words.get(&name).cloned().unwrap_or_default();
            Some(Progress::RestoreFailed { job: name, message })
        }
        None if !waiting_for.is_empty() => Some(Progress::WaitingForStores(waiting_for.to_vec())),
        None => {
            writer.apply_one(due.clone(), None).await?;
            Some(Progress::Restoring)
        }
    })
}

/// Creates the backup that the schedule asks for, starts the one that is due, and forgets those that are too old.
async fn back_up(
    writer: &mut Writer<'_>,
    cluster: &Cluster,
    due: Option<Job>,
    scheduled: Option<SocialPlatformBackup>,
) -> Result<(Option<Job>, Option<SocialPlatformBackup>), Error> {
    if let Some(scheduled) = &scheduled {
        writer.create_once(scheduled).await?;
    }
    let due = match due {
        Some(due) => match find(&cluster.children.jobs, &due.name_any()) {
            Some(job) => Some(Job::clone(&job)),
            None => Some(writer.apply_one(due, None).await?),
        },
        None => None,
    };
    let keep = cluster.resource.spec.backup.as_ref().and_then(|backup| backup.keep).and_then(|keep| usize::try_from(keep).ok());
    let expired: Vec<_> = expired(&cluster.backups, keep.unwrap_or(KEEP)).iter().map(|backup| Orphan::of(&**backup)).collect();
    writer.delete(&expired).await?;
    Ok((due, scheduled))
}

/// Starts the attempt that is due, unless it exists: a Job cannot be changed.
async fn migrate(writer: &mut Writer<'_>, cluster: &Cluster, due: Job, waiting_for: Vec<String>) -> Result<(Job, Progress), Error> {
    let name = due.name_any();
    let last = cluster.resource.status.as_ref().and_then(|status| status.migration.as_ref());
    // A Job that someone deleted after it went through is made again, but nothing waits for it.
    let is_done = last.is_some_and(|last| is_same_work(&last.job, &name));
    match find(&cluster.children.jobs, &name) {
        Some(job) => {
            let progress = if is_done { Progress::Migrated } else { progress(&job, cluster) };
            Ok((Job::clone(&job), progress))
        }
        None if !is_done && !waiting_for.is_empty() => Ok((due, Progress::WaitingForStores(waiting_for))),
        None => {
            let started = writer.apply_one(due, None).await?;
            Ok((started, if is_done { Progress::Migrated } else { Progress::Migrating }))
        }
    }
}

fn progress(job: &Job, cluster: &Cluster) -> Progress {
    let Some(attempt) = Attempt::of(job) else { return Progress::Migrating };
    match attempt.state {
        State::Running => Progress::Migrating,
        State::Complete => Progress::Migrated,
        State::Failed(_) => {
            Progress::MigrationFailed { message: cluster.failure.clone().unwrap_or_default(), retry_at: attempt.retry_at() }
        }
    }
}

/// The Jobs that nobody needs any more.
fn finished(cluster: &Cluster, current: &Job) -> Vec<Orphan<Job>> {
    let jobs = &cluster.children.jobs;
    let names = superseded(&attempts(jobs), &current.name_any(), &cluster.resource.spec.version);
    names.iter().filter_map(|name| find(jobs, name)).map(|job| Orphan::of(&*job)).collect()
}

/// What there is of `desired`, as it is.
fn untouched<K: Object>(desired: &[K], live: &[Arc<K>]) -> Vec<K> {
    desired.iter().filter_map(|desired| find(live, &desired.name_any())).map(|live| K::clone(&live)).collect()
}

/// Deletes what the platform owns and no longer wants; autoscalers went before the Deployments. What the deletion policy
/// retains has no owner, and stays; volumes stay in any case.
async fn prune(writer: &mut Writer<'_>, cluster: &Cluster, wanted: &Resources<Applied>) -> Result<(), Error> {
    let children = &cluster.children;
    let secrets: Vec<_> = wanted.secrets.iter().chain(&wanted.new_secrets).cloned().collect();
    let deployments: Vec<_> = wanted.stores.iter().chain(&wanted.deployments).cloned().collect();
    let uid = cluster.resource.meta().uid.as_deref();
    let name = cluster.resource.name_any();
    let backups = cluster.backups_served.then_some(cluster.backups.as_slice());
    let jobs = children.jobs.iter().filter(|job| is_left_over(job, &name, backups, wanted.restore.as_ref()));
    writer.delete(&jobs.map(|job| Orphan::of(&**job)).collect::<Vec<_>>()).await?;
    writer.delete(&orphans(uid, &children.http_routes, &wanted.http_routes)).await?;
    writer.delete(&orphans(uid, &children.prometheus_rules, &wanted.prometheus_rules)).await?;
    writer.delete(&orphans(uid, &children.service_monitors, &wanted.service_monitors)).await?;
    writer.delete(&orphans(uid, &children.certificates, &wanted.certificates)).await?;
    writer.delete(&orphans(uid, &children.ingresses, &wanted.ingresses)).await?;
    writer.delete(&orphans(uid, &children.deployments, &deployments)).await?;
    writer.delete(&orphans(uid, &children.services, &wanted.services)).await?;
    writer.delete(&orphans(uid, &children.disruption_budgets, &wanted.disruption_budgets)).await?;
    writer.delete(&orphans(uid, &children.network_policies, &wanted.network_policies)).await?;
    writer.delete(&orphans(uid, &children.config_maps, &wanted.config_maps)).await?;
    writer.delete(&orphans(uid, &children.secrets, &secrets)).await?;
    writer.delete(&orphans(uid, &children.service_accounts, &wanted.service_accounts)).await
}
