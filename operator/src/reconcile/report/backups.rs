//! What becomes of each backup goes into its status.

use kube::api::{Api, Patch, PatchParams};
use kube::runtime::events::{Event, EventType};
use kube::{Resource, ResourceExt};

use super::Error;
use crate::backups::{COMPLETE, Work, job_name, status};
use crate::crd::{BackupPhase, SocialPlatformBackup, SocialPlatformBackupStatus};
use crate::platform::Platform;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::{Cluster, Context, said};
use crate::resources::metadata::MANAGER;

/// Why none begins, in CamelCase, and for people.
#[derive(Clone, Copy)]
pub(super) struct HeldUp(&'static str, &'static str);

pub(super) const PAUSED: HeldUp = HeldUp("PlatformPaused", "lifecycle.paused of the SocialPlatform is true: it begins when that is false");
pub(super) const STALLED: HeldUp =
    HeldUp("PlatformStalled", "the SocialPlatform cannot be brought about as it is: its condition Stalled says why");
pub(super) const WITHOUT_SECRET: HeldUp =
    HeldUp("WaitingForPlatform", "the SocialPlatform lacks a Secret: its condition SecretsResolved says which");

/// Writes the status of every backup that is another than before. Says whether it wrote any.
pub(super) async fn tell(context: &Context, cluster: &Cluster, platform: &Platform, outcome: &Outcome) -> Result<bool, Error> {
    let told = open(cluster).map(|backup| (backup, status(backup, work(backup, cluster, platform, outcome), cluster.now)));
    write_changed(context, cluster, told.collect()).await
}

/// The same while the platform is left as it is: what runs goes on, and nothing begins.
pub(super) async fn tell_held_up(context: &Context, cluster: &Cluster, why: HeldUp) -> Result<bool, Error> {
    let told = open(cluster).map(|backup| (backup, status(backup, work_of_before(backup, cluster, why), cluster.now)));
    write_changed(context, cluster, told.collect()).await
}

/// The backups that are not over.
fn open(cluster: &Cluster) -> impl Iterator<Item = &SocialPlatformBackup> {
    let all = cluster.backups.iter().map(|backup| &**backup);
    all.filter(|backup| !backup.is_over() && backup.metadata.deletion_timestamp.is_none())
}

/// What there is of its Job, if that was made before.
fn work_of_before<'a>(backup: &SocialPlatformBackup, cluster: &'a Cluster, HeldUp(reason, message): HeldUp) -> Work<'a> {
    let name = job_name(&cluster.resource.name_any(), &backup.metadata);
    match cluster.children.jobs.iter().find(|job| job.name_any() == name) {
        Some(job) => Work::Job(job, cluster.last_words.get(&name).map(String::as_str)),
        None => Work::Waits(reason, message),
    }
}

async fn write_changed(
    context: &Context,
    cluster: &Cluster,
    told: Vec<(&SocialPlatformBackup, SocialPlatformBackupStatus)>,
) -> Result<bool, Error> {
    let mut wrote = false;
    for (backup, new) in told.into_iter().filter(|(backup, new)| backup.status.as_ref() != Some(new)) {
        write(context, cluster, backup, &new).await?;
        wrote = true;
    }
    Ok(wrote)
}

/// What there is of its Job.
fn work<'a>(backup: &SocialPlatformBackup, cluster: &'a Cluster, platform: &Platform, outcome: &'a Outcome) -> Work<'a> {
    let Some(spec) = &platform.backup else {
        return Work::Waits("NoDestination", "spec.backup of the SocialPlatform does not say where backups go: set it");
    };
    let is_due = spec.due.as_ref().is_some_and(|due| due.resource == backup.name_any());
    match (&outcome.resources.backup, &outcome.progress) {
        (Some(job), _) if is_due => Work::Job(job, cluster.last_words.get(&job.name_any()).map(String::as_str)),
        (_, Progress::Hibernated) => Work::Waits("Hibernated", "the SocialPlatform hibernates: wake it, or its database does not answer"),
        // Where a database has the version that it should, none is due only while one runs that cannot be read.
        (Some(_), _) | (None, Progress::Migrated) => {
            Work::Waits("WaitingForAnother", "another backup of the SocialPlatform runs: one is made at a time")
        }
        (None, _) => Work::Waits("WaitingForPlatform", "it begins when the SocialPlatform's database has the version that it should"),
    }
}

async fn write(context: &Context, cluster: &Cluster, backup: &SocialPlatformBackup, new: &SocialPlatformBackupStatus) -> Result<(), Error> {
    let name = backup.name_any();
    let api: Api<SocialPlatformBackup> = Api::namespaced(context.client.clone(), &cluster.namespace());
    let patch = serde_json::json!({
        "apiVersion": SocialPlatformBackup::api_version(&()),
        "kind": SocialPlatformBackup::kind(&()),
        "metadata": { "name": name },
        "status": new,
    });
    match api.patch_status(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(patch)).await {
        Ok(_) => {}
        // Somebody has deleted it meanwhile.
        Err(kube::Error::Api(status)) if status.is_not_found() => return Ok(()),
        Err(source) => return Err(Error { kind: "SocialPlatformBackup", name, source: Box::new(source) }),
    }
    publish(context, backup, new).await;
    Ok(())
}

/// An event for what is final. One that cannot be written is not worth a retry.
async fn publish(context: &Context, backup: &SocialPlatformBackup, new: &SocialPlatformBackupStatus) {
    let type_ = match new.phase {
        Some(BackupPhase::Completed) => EventType::Normal,
        Some(BackupPhase::Failed) => EventType::Warning,
        _ => return,
    };
    let Some(complete) = new.conditions.iter().find(|condition| condition.type_ == COMPLETE) else { return };
    let event = Event {
        type_,
        reason: complete.reason.clone(),
        note: Some(complete.message.chars().take(250).collect()),
        action: COMPLETE.to_owned(),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, &backup.object_ref(&())).await {
        tracing::warn!(error = said(&error), "failed to publish an event");
    }
}
