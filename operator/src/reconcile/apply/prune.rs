//! What a platform no longer wants goes.

use kube::{Resource, ResourceExt};

use super::writer::{Error, Orphan, Writer, orphans};
use crate::backups::{is_left_over, job_names};
use crate::reconcile::Cluster;
use crate::resources::{Applied, Resources};

/// Deletes what the platform owns and no longer wants; autoscalers went before the Deployments. What the deletion policy
/// retains has no owner, and stays; volumes stay in any case.
pub(super) async fn prune(writer: &mut Writer<'_>, cluster: &Cluster, wanted: &Resources<Applied>) -> Result<(), Error> {
    let children = &cluster.children;
    let secrets: Vec<_> = wanted.secrets.iter().chain(&wanted.new_secrets).cloned().collect();
    let deployments: Vec<_> = wanted.stores.iter().chain(&wanted.deployments).cloned().collect();
    let uid = cluster.resource.meta().uid.as_deref();
    let name = cluster.resource.name_any();
    let backups = cluster.backups_served.then(|| job_names(&name, &cluster.backups, &cluster.unreadable_backups));
    let jobs = children.jobs.iter().filter(|job| is_left_over(job, backups.as_ref(), wanted.restore.is_some()));
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
