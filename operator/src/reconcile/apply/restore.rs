//! The restore with which a platform may begin.

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

use super::Progress;
use super::writer::{Error, Writer, find};
use crate::migration::{State, state};
use crate::reconcile::Cluster;

/// Starts the restore, if the platform begins with one. How far it is, until it is through.
pub(super) async fn restored(
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
