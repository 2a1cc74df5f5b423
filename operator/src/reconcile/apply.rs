//! Step 4: the cluster becomes as it should be. An object that already is so is not written.

mod backups;
mod database;
mod late;
mod migration;
mod policies;
mod progress;
mod prune;
mod restore;
mod rotation;
mod scaling;
mod stores;
mod volumes;
mod way_in;
mod writer;

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use kube::{Client, Resource, ResourceExt};

use super::Cluster;
use crate::components::POSTGRES;
use crate::platform::Platform;
use crate::resources::deployment::is_available;
use crate::resources::{Applied, Prepared, Resources};
use backups::back_up;
use late::Late;
use migration::{finished, migrate};
use prune::prune;
use restore::{interrupt, restored};
use writer::{Object, Writer, find, orphans};

pub use database::ready;
pub use late::Unwritten;
pub use progress::Progress;
pub use volumes::RefusedVolume;
pub use way_in::is_open;
pub use writer::Error;

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The objects as they are.
    pub resources: Resources<Applied>,
    /// How far the platform is.
    pub progress: Progress,
    /// What nothing waits for, and could not be written.
    pub unwritten: Unwritten,
    /// When the replacement of passwords and keys goes on, if it waits for a time.
    pub rotates_at: Option<Timestamp>,
    /// How many writes went through.
    pub writes: usize,
}

/// Applies `prepared` in the order of its fields, up to the migration if that is not through, and the way in to the release before; the
/// image of stores comes after it, with the services. A platform that hibernates does not migrate: its stores do not answer.
pub async fn apply(client: &Client, cluster: &Cluster, platform: &Platform, prepared: Resources<Prepared>) -> Result<Outcome, Error> {
    // Without `..`: a kind that is added and not applied does not compile.
    let Resources {
        service_accounts,
        secrets,
        new_secrets,
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
    // Among these is the request for which a new platform is rotated already. Who dies before it is written leaves nothing by which
    // the next one would take the platform for an older one.
    let secrets = writer.apply(secrets, &children.secrets).await?;
    writer.create(&new_secrets).await?;
    let new_secrets = writer.apply(new_secrets, &[]).await?;
    let config_maps = writer.apply(config_maps, &children.config_maps).await?;
    let network_policies = policies::meanwhile(network_policies, &deployments, children);
    let network_policies = writer.apply(network_policies, &children.network_policies).await?;
    let disruption_budgets = writer.apply(disruption_budgets, &children.disruption_budgets).await?;
    let services = writer.apply(services, &children.services).await?;
    let (volume_claims, refused_volumes) = volumes::apply(&mut writer, volume_claims, &children.volume_claims).await?;

    let asleep = match cluster.resource.is_hibernated() {
        // Services before their stores, and autoscalers before both: they would wake them.
        true => {
            writer.delete(&orphans(uid, &children.autoscalers, &autoscalers)).await?;
            Some(writer.apply(deployments.clone(), &children.deployments).await?)
        }
        false => None,
    };
    let postgres_clusters = writer.apply(postgres_clusters, &children.postgres_clusters).await?;
    let before: Vec<_> = stores.iter().cloned().map(|store| stores::before_migration(platform, store, &children.deployments)).collect();
    let waits = before != stores;
    let mut live_stores = writer.apply(before, &children.deployments).await?;
    let mut waiting_for: Vec<String> = live_stores.iter().filter(|store| !is_available(store)).map(ResourceExt::name_any).collect();
    waiting_for.extend(database::ready(platform, &postgres_clusters, &[&secrets, &new_secrets]).err().map(|_| platform.named(POSTGRES)));
    let (migration, progress) = match asleep {
        Some(_) => {
            interrupt(&mut writer, cluster, restore.as_ref()).await?;
            (find(&children.jobs, &migration.name_any()).map_or(migration, |job| Job::clone(&job)), Progress::Hibernated)
        }
        None => match restored(&mut writer, cluster, restore.as_ref(), &waiting_for).await? {
            Some(progress) => (migration, progress),
            None => migrate(&mut writer, cluster, platform.allowance, migration, waiting_for).await?,
        },
    };
    writer.delete(&finished(cluster, &migration)).await?;

    if progress == Progress::Migrated && waits {
        let live: Vec<_> = live_stores.into_iter().map(Arc::new).collect();
        live_stores = writer.apply(stores, &live).await?;
    }
    let (deployments, autoscalers) = match (asleep, &progress) {
        (Some(asleep), _) => (asleep, autoscalers),
        (None, Progress::Migrated) => {
            writer.delete(&orphans(uid, &children.autoscalers, &autoscalers)).await?;
            let deployments = scaling::apply(&mut writer, deployments, &autoscalers, &children.deployments).await?;
            (deployments, writer.apply(autoscalers, &children.autoscalers).await?)
        }
        _ => (untouched(&deployments, &children.deployments), untouched(&autoscalers, &children.autoscalers)),
    };
    let (ingresses, http_routes) = match is_open(platform, &progress, &deployments) {
        true => (writer.apply(ingresses, &children.ingresses).await?, writer.apply(http_routes, &children.http_routes).await?),
        false => (untouched(&ingresses, &children.ingresses), untouched(&http_routes, &children.http_routes)),
    };

    let (backup, scheduled) = match progress {
        Progress::Migrated => back_up(&mut writer, cluster, backup, scheduled).await?,
        // One that runs goes on running.
        _ => (backup.and_then(|due| find(&children.jobs, &due.name_any())).map(|job| Job::clone(&job)), None),
    };

    let late = Late { prometheus_rules, service_monitors, certificates };
    let mut resources = Resources {
        service_accounts,
        secrets,
        new_secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        prometheus_rules: untouched(&late.prometheus_rules, &children.prometheus_rules),
        service_monitors: untouched(&late.service_monitors, &children.service_monitors),
        postgres_clusters,
        stores: live_stores,
        restore,
        migration,
        deployments,
        autoscalers,
        certificates: untouched(&late.certificates, &children.certificates),
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
    let unwritten = Unwritten { volumes: refused_volumes, ..late.apply(&mut writer, children, &mut resources).await };
    Ok(Outcome { resources, progress, unwritten, rotates_at, writes: writer.writes })
}

/// What there is of `desired`, as it is.
fn untouched<K: Object>(desired: &[K], live: &[Arc<K>]) -> Vec<K> {
    desired.iter().filter_map(|desired| find(live, &desired.name_any())).map(|live| K::clone(&live)).collect()
}
