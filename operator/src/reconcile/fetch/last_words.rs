//! What pods of Jobs left behind.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};

use super::Error;
use crate::backups::Due;
use crate::components::RESTORE;
use crate::crd::SocialPlatformBackup;
use crate::migration::{State, state};
use crate::resources::metadata::COMPONENT;

/// The Jobs whose pods have something to say: the one of the backup that is being made, once it has ended, and a restore that
/// failed.
pub(super) fn with_last_words(platform: &str, jobs: &[Arc<Job>], backups: &[Arc<SocialPlatformBackup>]) -> Vec<String> {
    let backup = Due::among(platform, backups).map(|due| due.job);
    let speaks = |job: &&Arc<Job>| match state(job.status.as_ref()) {
        State::Running => false,
        State::Complete => Some(job.name_any()) == backup,
        State::Failed(_) => Some(job.name_any()) == backup || job.labels().get(COMPONENT).is_some_and(|it| it == RESTORE),
    };
    jobs.iter().filter(speaks).map(|job| job.name_any()).collect()
}

/// The termination message of the Job's pod; what Kubernetes says of the Job, if the pod left none.
pub(super) async fn last_words_of(client: &Client, namespace: &str, job: &str) -> Result<String, Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let selector = format!("batch.kubernetes.io/job-name={job}");
    let mut pods = pods
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(|source| Error::Pods { job: job.to_owned(), source: Box::new(source) })?
        .items;
    // The last of several tries is the one that counts.
    pods.sort_by_key(|pod| std::cmp::Reverse(pod.metadata.creation_timestamp.as_ref().map(|time| time.0)));
    let left = pods.iter().find_map(termination_message);
    Ok(left.unwrap_or_else(|| format!("it left no message; see the pods and events of Job {job}")))
}

fn termination_message(pod: &Pod) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let ended = statuses.iter().find_map(|status| status.state.as_ref()?.terminated.as_ref())?;
    let message = ended.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    message.map(str::to_owned)
}
