//! What a platform no longer wants goes.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::{Resource, ResourceExt};

use super::writer::{Error, Orphan, Writer, orphans};
use crate::backups::{is_left_over, job_names};
use crate::components::BACKUP;
use crate::crd::ExposureMode;
use crate::migration::{State, state};
use crate::reconcile::Cluster;
use crate::resources::http_route::HttpRoute;
use crate::resources::metadata::COMPONENT;
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
    if is_taken_over(cluster.resource.spec.exposure.mode, &wanted.http_routes) {
        writer.delete(&orphans(uid, &children.ingresses, &wanted.ingresses)).await?;
    }
    writer.delete(&orphans(uid, &children.deployments, &deployments)).await?;
    writer.delete(&orphans(uid, &children.services, &wanted.services)).await?;
    writer.delete(&orphans(uid, &children.disruption_budgets, &wanted.disruption_budgets)).await?;
    writer.delete(&orphans(uid, &unused(&children.network_policies, &children.jobs), &wanted.network_policies)).await?;
    writer.delete(&orphans(uid, &children.config_maps, &wanted.config_maps)).await?;
    writer.delete(&orphans(uid, &children.secrets, &secrets)).await?;
    writer.delete(&orphans(uid, &unused(&children.service_accounts, &children.jobs), &wanted.service_accounts)).await
}

/// Is an Ingress of before in nobody's way? Where Gateways are to take its place, it lets requests in until all of them have taken the
/// route, which is seen. A cluster that knows no HTTPRoutes has none.
fn is_taken_over(mode: ExposureMode, routes: &[HttpRoute]) -> bool {
    mode != ExposureMode::Gateway || (!routes.is_empty() && routes.iter().all(|route| route.accepted().is_ok()))
}

/// What of `live` no backup runs with. One that runs keeps its network and its account, though no other is to be made: its credentials
/// may be away for a moment, and it has them already. Its end is seen, and then they go.
fn unused<K: Resource>(live: &[Arc<K>], jobs: &[Arc<Job>]) -> Vec<Arc<K>> {
    let is_running = jobs.iter().any(|job| is_of_backups(&**job) && state(job.status.as_ref()) == State::Running);
    live.iter().filter(|live| !is_running || !is_of_backups(&***live)).cloned().collect()
}

fn is_of_backups(object: &impl Resource) -> bool {
    object.labels().get(COMPONENT).is_some_and(|component| component == BACKUP)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::batch::v1::{JobCondition, JobStatus};
    use k8s_openapi::api::networking::v1::NetworkPolicy;
    use serde_json::json;

    use super::*;

    fn policy(component: &str) -> Arc<NetworkPolicy> {
        let mut policy = NetworkPolicy::default();
        policy.metadata.name = Some(component.to_owned());
        policy.metadata.labels = Some([(COMPONENT.to_owned(), component.to_owned())].into());
        Arc::new(policy)
    }

    fn job(component: &str, ended: Option<&str>) -> Arc<Job> {
        let mut job = Job::default();
        job.metadata.labels = Some([(COMPONENT.to_owned(), component.to_owned())].into());
        let told = ended.map(|type_| JobCondition { type_: type_.to_owned(), status: "True".to_owned(), ..JobCondition::default() });
        job.status = Some(JobStatus { conditions: told.map(|told| vec![told]), ..JobStatus::default() });
        Arc::new(job)
    }

    /// A route to a Gateway that says this of it.
    fn route(accepted: &str) -> HttpRoute {
        let condition = |type_: &str| {
            json!({
                "type": type_, "status": accepted, "reason": "Because", "message": "", "observedGeneration": 1,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        };
        let conditions = ["Accepted", "ResolvedRefs"].map(condition);
        let parent = json!({ "parentRef": { "name": "public" }, "conditions": conditions });
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "demo", "namespace": "social", "generation": 1 },
            "spec": { "parentRefs": [{ "name": "public" }] },
            "status": { "parents": [parent] },
        });
        serde_json::from_value(route).unwrap()
    }

    #[test]
    fn an_ingress_stays_until_every_gateway_has_taken_the_route() {
        let is_gone = |routes: &[HttpRoute]| is_taken_over(ExposureMode::Gateway, routes);
        assert!(!is_gone(&[]), "the cluster knows no HTTPRoutes");
        assert!(!is_gone(&[route("False")]));
        assert!(!is_gone(&[route("True"), route("Unknown")]));
        assert!(is_gone(&[route("True")]));
        assert!(is_taken_over(ExposureMode::None, &[]), "nobody asks for a way in");
    }

    #[test]
    fn what_a_backup_runs_with_stays_until_it_has_ended() {
        let policies = [policy("auth"), policy(BACKUP)];
        let left = |jobs: &[Arc<Job>]| unused(&policies, jobs).iter().map(|policy| policy.name_any()).collect::<Vec<_>>();
        assert_eq!(left(&[]), ["auth", BACKUP]);
        assert_eq!(left(&[job("migrate", None)]), ["auth", BACKUP]);
        assert_eq!(left(&[job(BACKUP, Some("Complete")), job(BACKUP, Some("Failed"))]), ["auth", BACKUP]);
        assert_eq!(left(&[job(BACKUP, Some("Complete")), job(BACKUP, None)]), ["auth"]);
    }
}
