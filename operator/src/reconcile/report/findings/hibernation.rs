//! Whether a platform sleeps that was asked to.

use kube::ResourceExt;

use crate::migration::{State, state};
use crate::reconcile::Cluster;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::{Finding, HIBERNATED, READY, Truth};
use crate::resources::deployment::running_replicas;

/// Pods are still ending.
pub(super) const HIBERNATING: &str = "Hibernating";

/// Ready once no pod runs, as a Deployment of no pods is available: who waits for what the spec asks for has waited long enough. A Job
/// that was begun goes on to its end. Nothing, if the platform is not to sleep.
pub(super) fn asleep(cluster: &Cluster, outcome: &Outcome) -> Option<Finding> {
    if outcome.progress != Progress::Hibernated {
        return None;
    }
    let resources = &outcome.resources;
    let pods: i32 = resources.stores.iter().chain(&resources.deployments).map(running_replicas).sum();
    let pods = (pods != 0).then(|| format!("{pods} pods have not ended yet"));
    let jobs = cluster.children.jobs.iter().filter(|job| state(job.status.as_ref()) == State::Running);
    let jobs = jobs.map(|job| format!("Job {} has not ended yet", job.name_any()));
    let databases = resources.postgres_clusters.iter().filter(|database| !database.is_asleep());
    let databases = databases.map(|database| format!("CloudNativePG has not yet put Cluster {} to sleep", database.name_any()));
    let left: Vec<_> = pods.into_iter().chain(jobs).chain(databases).collect();
    Some(match left.is_empty() {
        true => Finding::new(READY, Truth::True, HIBERNATED, "no pod runs, as lifecycle.hibernated asks for"),
        false => Finding::new(READY, Truth::False, HIBERNATING, left.join("; ")),
    })
}
