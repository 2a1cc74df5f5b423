//! The restore with which a platform may begin: one Job, whatever changes while it runs.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::{Resource, ResourceExt};

use super::Progress;
use super::writer::{Error, Orphan, Writer, is_owned};
use crate::components::RESTORE;
use crate::drift::hash;
use crate::migration::{State, state};
use crate::reconcile::Cluster;
use crate::resources::metadata::{APPLIED, COMPONENT};

/// What follows from the Job that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There is none yet.
    Start,
    /// It runs.
    Wait,
    /// It failed, and would be another by now.
    TryAgain,
    /// It failed, and would fail again.
    Stop,
    /// It went through.
    GoOn,
}

/// Starts the restore, if the platform begins with one. How far it is, until it is through.
pub(super) async fn restored(
    writer: &mut Writer<'_>,
    cluster: &Cluster,
    due: Option<&Job>,
    waiting_for: &[String],
) -> Result<Option<Progress>, Error> {
    let Some(due) = due else { return Ok(None) };
    let live = existing(cluster);
    Ok(match step(live.as_deref(), due) {
        Step::GoOn => None,
        Step::Wait => Some(Progress::Restoring),
        Step::Stop => {
            let job = live.as_deref().unwrap_or(due).name_any();
            let message = cluster.last_words.get(&job).cloned().unwrap_or_default();
            Some(Progress::RestoreFailed { job, message })
        }
        // Its end is seen, and then the next one starts.
        Step::TryAgain => {
            end(writer, live).await?;
            Some(Progress::Restoring)
        }
        Step::Start if !waiting_for.is_empty() => Some(Progress::WaitingForStores(waiting_for.to_vec())),
        Step::Start => {
            writer.start(due.clone()).await?;
            Some(Progress::Restoring)
        }
    })
}

/// Ends a restore that is not through: the stores of a platform that sleeps do not answer. On waking another one starts, and
/// goes on where this one was.
pub(super) async fn interrupt(writer: &mut Writer<'_>, cluster: &Cluster, due: Option<&Job>) -> Result<(), Error> {
    let live = due.and_then(|_| existing(cluster));
    end(writer, live.filter(|job| state(job.status.as_ref()) != State::Complete)).await
}

async fn end(writer: &mut Writer<'_>, job: Option<Arc<Job>>) -> Result<(), Error> {
    let job = job.filter(|job| job.metadata.deletion_timestamp.is_none());
    writer.delete(&job.iter().map(|job| Orphan::of(&**job)).collect::<Vec<_>>()).await
}

/// The Job that there is, whatever an older operator called it, and not that of an earlier platform of this name, which is about
/// to go. Of several the one that runs counts: nothing may go on beside it.
fn existing(cluster: &Cluster) -> Option<Arc<Job>> {
    let uid = cluster.resource.meta().uid.as_deref();
    let jobs = cluster.children.jobs.iter().filter(|job| job.labels().get(COMPONENT).is_some_and(|it| it == RESTORE));
    let rank = |job: &Job| match state(job.status.as_ref()) {
        State::Running => 2,
        State::Complete => 1,
        State::Failed(_) => 0,
    };
    let made = |job: &Job| job.metadata.creation_timestamp.as_ref().map(|time| time.0);
    jobs.filter(|job| is_owned(&***job, uid)).max_by_key(|job| (rank(job), made(job))).cloned()
}

fn step(live: Option<&Job>, due: &Job) -> Step {
    let Some(live) = live else { return Step::Start };
    match state(live.status.as_ref()) {
        State::Running => Step::Wait,
        State::Complete => Step::GoOn,
        State::Failed(_) if live.annotations().get(APPLIED) == Some(&hash(due)) => Step::Stop,
        State::Failed(_) => Step::TryAgain,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::batch::v1::{JobCondition, JobStatus};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    use super::*;
    use crate::example::restored;
    use crate::fixtures::cluster;

    /// A Job as it would be made now.
    fn due(image: &str) -> Job {
        let mut job = Job::default();
        job.metadata.name = Some("demo-restore".to_owned());
        job.metadata.labels = Some([(COMPONENT.to_owned(), RESTORE.to_owned()), ("image".to_owned(), image.to_owned())].into());
        job
    }

    /// The same once it was made, and has come so far.
    fn live(image: &str, ended: Option<&str>) -> Job {
        let mut job = due(image);
        let applied = hash(&job);
        job.annotations_mut().insert(APPLIED.to_owned(), applied);
        let told = ended.map(|type_| JobCondition { type_: type_.to_owned(), status: "True".to_owned(), ..JobCondition::default() });
        job.status = Some(JobStatus { conditions: told.map(|told| vec![told]), ..JobStatus::default() });
        job
    }

    #[test]
    fn what_runs_or_went_through_stays_whatever_it_would_be_now() {
        for now in ["a:1", "a:2"] {
            assert_eq!(step(None, &due(now)), Step::Start);
            assert_eq!(step(Some(&live("a:1", None)), &due(now)), Step::Wait);
            assert_eq!(step(Some(&live("a:1", Some("Complete"))), &due(now)), Step::GoOn);
        }
    }

    #[test]
    fn what_failed_is_tried_again_when_it_would_be_another() {
        let failed = live("a:1", Some("Failed"));
        assert_eq!(step(Some(&failed), &due("a:1")), Step::Stop);
        assert_eq!(step(Some(&failed), &due("a:2")), Step::TryAgain);
    }

    fn owned(mut job: Job, name: &str, uid: &str) -> Arc<Job> {
        job.metadata.name = Some(name.to_owned());
        job.metadata.owner_references = Some(vec![OwnerReference { uid: uid.to_owned(), ..OwnerReference::default() }]);
        Arc::new(job)
    }

    #[test]
    fn the_job_of_an_earlier_platform_of_this_name_is_not_ours() {
        let mut cluster = cluster(restored());
        let uid = cluster.resource.uid().unwrap();
        cluster.children.jobs = vec![owned(live("a:1", Some("Complete")), "demo-restore", "earlier")];
        assert!(existing(&cluster).is_none());
        cluster.children.jobs = vec![owned(live("a:1", Some("Complete")), "demo-restore", &uid)];
        assert!(existing(&cluster).is_some());
    }

    #[test]
    fn what_an_older_operator_called_otherwise_is_ours_and_the_one_that_runs_counts() {
        let mut cluster = cluster(restored());
        let uid = cluster.resource.uid().unwrap();
        let name = |cluster: &Cluster| existing(cluster).map(|job| job.name_any());
        let mut migration = Job::default();
        migration.metadata.labels = Some([(COMPONENT.to_owned(), "migrate".to_owned())].into());
        cluster.children.jobs = vec![owned(migration, "demo-migrate-1-2-3-0-1", &uid)];
        assert_eq!(name(&cluster), None);
        cluster.children.jobs.push(owned(live("a:1", None), "demo-restore-0123456789abcdef", &uid));
        cluster.children.jobs.push(owned(live("a:1", Some("Failed")), "demo-restore", &uid));
        assert_eq!(name(&cluster).as_deref(), Some("demo-restore-0123456789abcdef"));
    }
}
