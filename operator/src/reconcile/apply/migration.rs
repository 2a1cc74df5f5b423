//! The migration Job of a release.

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

use super::Progress;
use super::writer::{Error, Orphan, Writer, find};
use crate::migration::{Allowance, Attempt, State, attempts, is_through, superseded};
use crate::reconcile::Cluster;

/// Starts the attempt that is due, unless it exists, as a Job cannot be changed, or may not start.
pub(super) async fn migrate(
    writer: &mut Writer<'_>,
    cluster: &Cluster,
    allowance: Allowance,
    due: Job,
    waiting_for: Vec<String>,
) -> Result<(Job, Progress), Error> {
    let name = due.name_any();
    let last = cluster.resource.status.as_ref().and_then(|status| status.migration.as_ref());
    // A Job that someone deleted after it went through is made again, but nothing waits for it.
    let is_done = is_through(last, &name);
    match find(&cluster.children.jobs, &name) {
        Some(job) => {
            let progress = if is_done { Progress::Migrated } else { progress(&job, cluster, allowance) };
            Ok((Job::clone(&job), progress))
        }
        None if !is_done && !waiting_for.is_empty() => Ok((due, Progress::WaitingForStores(waiting_for))),
        None if !is_done && !allowance.approved => Ok((due, Progress::AwaitingApproval)),
        None => {
            let started = writer.apply_one(due, None).await?;
            Ok((started, if is_done { Progress::Migrated } else { Progress::Migrating }))
        }
    }
}

fn progress(job: &Job, cluster: &Cluster, allowance: Allowance) -> Progress {
    let Some(attempt) = Attempt::of(job) else { return Progress::Migrating };
    match attempt.state {
        State::Running => Progress::Migrating,
        State::Complete => Progress::Migrated,
        // The approval was taken back; what has failed is tried again when it is given.
        State::Failed(_) if !allowance.approved => Progress::AwaitingApproval,
        State::Failed(_) => Progress::MigrationFailed {
            message: cluster.failure.clone().unwrap_or_default(),
            attempts: attempt.number,
            retry_at: attempt.retry_at(allowance),
        },
    }
}

/// The Jobs that nobody needs any more.
pub(super) fn finished(cluster: &Cluster, current: &Job) -> Vec<Orphan<Job>> {
    let jobs = &cluster.children.jobs;
    let names = superseded(&attempts(jobs), &current.name_any(), &cluster.resource.spec.version);
    names.iter().filter_map(|name| find(jobs, name)).map(|job| Orphan::of(&*job)).collect()
}
