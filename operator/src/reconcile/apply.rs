//! Step 4: the cluster becomes as it should be. An object that already is so is not written.

mod scaling;
mod writer;

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use kube::{Client, Resource, ResourceExt};

use super::Cluster;
use crate::migration::{Attempt, State, attempts, is_same_work, superseded};
use crate::resources::deployment::is_available;
use crate::resources::{Applied, Prepared, Resources};
use writer::{Object, Orphan, Writer, find, orphans};

pub use writer::Error;

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The objects as they are.
    pub resources: Resources<Applied>,
    /// How far the platform is.
    pub progress: Progress,
    /// How many times the API server was written to.
    pub writes: usize,
}

/// How far the platform is. Nothing waits here: whatever is waited for is watched, and starts the next reconcile.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Development storage does not answer yet; these components of it.
    WaitingForStores(Vec<String>),
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
pub async fn apply(client: &Client, cluster: &Cluster, prepared: Resources<Prepared>) -> Result<Outcome, Error> {
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
        stores,
        migration,
        deployments,
        autoscalers,
        ingresses,
        http_routes,
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
    let stores = writer.apply(stores, &children.deployments).await?;
    let waiting_for: Vec<String> = stores.iter().filter(|store| !is_available(store)).map(ResourceExt::name_any).collect();
    let (migration, progress) = match asleep {
        Some(_) => (find(&children.jobs, &migration.name_any()).map_or(migration, |job| Job::clone(&job)), Progress::Hibernated),
        None => migrate(&mut writer, cluster, migration, waiting_for).await?,
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
    let (ingresses, http_routes) = match progress.is_through() {
        true => (writer.apply(ingresses, &children.ingresses).await?, writer.apply(http_routes, &children.http_routes).await?),
        false => (untouched(&ingresses, &children.ingresses), untouched(&http_routes, &children.http_routes)),
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
        stores,
        migration,
        deployments,
        autoscalers,
        ingresses,
        http_routes,
        state: PhantomData::<Applied>,
    };
    if progress.is_through() {
        prune(&mut writer, cluster, &resources).await?;
    }
    Ok(Outcome { resources, progress, writes: writer.writes })
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
    writer.delete(&orphans(uid, &children.http_routes, &wanted.http_routes)).await?;
    writer.delete(&orphans(uid, &children.prometheus_rules, &wanted.prometheus_rules)).await?;
    writer.delete(&orphans(uid, &children.service_monitors, &wanted.service_monitors)).await?;
    writer.delete(&orphans(uid, &children.ingresses, &wanted.ingresses)).await?;
    writer.delete(&orphans(uid, &children.deployments, &deployments)).await?;
    writer.delete(&orphans(uid, &children.services, &wanted.services)).await?;
    writer.delete(&orphans(uid, &children.disruption_budgets, &wanted.disruption_budgets)).await?;
    writer.delete(&orphans(uid, &children.network_policies, &wanted.network_policies)).await?;
    writer.delete(&orphans(uid, &children.config_maps, &wanted.config_maps)).await?;
    writer.delete(&orphans(uid, &children.secrets, &secrets)).await?;
    writer.delete(&orphans(uid, &children.service_accounts, &wanted.service_accounts)).await
}
