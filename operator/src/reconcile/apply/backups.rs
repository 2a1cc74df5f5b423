//! The backups that are made while a platform serves.

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

use super::writer::{Error, Orphan, Writer, find};
use crate::backups::{KEEP, expired};
use crate::crd::SocialPlatformBackup;
use crate::reconcile::Cluster;

/// Creates the backup that the schedule asks for, starts the one that is due, and forgets those that are too old.
pub(super) async fn back_up(
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
