//! What becomes of each backup goes into its status.

use std::sync::Arc;

use jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::events::{Event, EventType};
use kube::{Resource, ResourceExt};

use super::Error;
use crate::backups::{COMPLETE, Work, ends_with_its_platform, job_name, status};
use crate::crd::{BackupPhase, SocialPlatformBackup, SocialPlatformBackupStatus};
use crate::platform::Platform;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::{Cluster, Context};
use crate::resources::metadata::MANAGER;

/// Why none begins, in CamelCase, and for people.
#[derive(Clone, Copy)]
pub(super) struct HeldUp(&'static str, &'static str);

pub(super) const PAUSED: HeldUp = HeldUp("PlatformPaused", "lifecycle.paused of the SocialPlatform is true: it begins when that is false");
pub(super) const STALLED: HeldUp =
    HeldUp("PlatformStalled", "the SocialPlatform cannot be brought about as it is: its condition Stalled says why");
pub(super) const WITHOUT_SECRET: HeldUp =
    HeldUp("WaitingForPlatform", "the SocialPlatform lacks a Secret: its condition SecretsResolved says which");
pub(super) const UNWRITTEN: HeldUp =
    HeldUp("WaitingForPlatform", "an object of the SocialPlatform cannot be written: its condition Ready says which");

/// What becomes of a backup that was not over when its platform went, and its Job with it.
const LOST: Work<'static> = Work::Lost(
    "PlatformDeleted",
    "the SocialPlatform that it was of was deleted before it was over, and no other of its name goes on with it: create another \
     SocialPlatformBackup",
);

/// Writes the status of every backup that is another than before. Says whether it wrote any.
pub(super) async fn tell(context: &Context, cluster: &Cluster, platform: &Platform, outcome: &Outcome) -> Result<bool, Error> {
    let told = open(&cluster.backups).map(|backup| (backup, status(backup, work(backup, cluster, platform, outcome), cluster.now)));
    write_changed(context, told.chain(lost(cluster)).collect()).await
}

/// The same while the platform is left as it is: what runs goes on, and nothing begins.
pub(super) async fn tell_held_up(context: &Context, cluster: &Cluster, why: HeldUp) -> Result<bool, Error> {
    let told = open(&cluster.backups).map(|backup| (backup, status(backup, work_of_before(backup, cluster, why), cluster.now)));
    write_changed(context, told.chain(lost(cluster)).collect()).await
}

/// Writes the status of a backup whose platform is not there, if it is another than before. Says whether it did.
pub async fn tell_stray(context: &Context, backup: &SocialPlatformBackup) -> Result<bool, Error> {
    let told = is_open(backup).then(|| (backup, stray(backup, Timestamp::now())));
    write_changed(context, told.into_iter().collect()).await
}

/// What becomes of a backup whose platform is not there.
fn stray(backup: &SocialPlatformBackup, now: Timestamp) -> SocialPlatformBackupStatus {
    if ends_with_its_platform(backup) {
        return status(backup, LOST, now);
    }
    let message = format!(
        "there is no SocialPlatform {} in namespace {}: create it, and this goes on by itself; if platformRef.name is wrong, create \
         another SocialPlatformBackup instead of this one",
        backup.spec.platform_ref.name,
        backup.namespace().unwrap_or_default()
    );
    status(backup, Work::Waits("PlatformMissing", &message), now)
}

fn lost(cluster: &Cluster) -> impl Iterator<Item = (&SocialPlatformBackup, SocialPlatformBackupStatus)> {
    open(&cluster.earlier_backups).map(move |backup| (backup, status(backup, LOST, cluster.now)))
}

/// The backups that are not over.
fn open(backups: &[Arc<SocialPlatformBackup>]) -> impl Iterator<Item = &SocialPlatformBackup> {
    backups.iter().map(|backup| &**backup).filter(|backup| is_open(backup))
}

fn is_open(backup: &SocialPlatformBackup) -> bool {
    !backup.is_over() && backup.metadata.deletion_timestamp.is_none()
}

/// What there is of its Job, if that was made before.
fn work_of_before<'a>(backup: &SocialPlatformBackup, cluster: &'a Cluster, HeldUp(reason, message): HeldUp) -> Work<'a> {
    let name = job_name(&cluster.resource.name_any(), &backup.metadata);
    match cluster.children.jobs.iter().find(|job| job.name_any() == name) {
        Some(job) => Work::Job(job, cluster.last_words.get(&name).map(String::as_str)),
        None => Work::Waits(reason, message),
    }
}

async fn write_changed(context: &Context, told: Vec<(&SocialPlatformBackup, SocialPlatformBackupStatus)>) -> Result<bool, Error> {
    let mut wrote = false;
    for (backup, new) in told.into_iter().filter(|(backup, new)| backup.status.as_ref() != Some(new)) {
        write(context, backup, &new).await?;
        wrote = true;
    }
    Ok(wrote)
}

/// What there is of its Job.
fn work<'a>(backup: &SocialPlatformBackup, cluster: &'a Cluster, platform: &Platform, outcome: &'a Outcome) -> Work<'a> {
    if platform.without_backups.is_some() {
        return work_of_before(backup, cluster, WITHOUT_SECRET);
    }
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
        (None, Progress::AwaitingApproval) => Work::Waits(
            "WaitingForPlatform",
            "it begins when the SocialPlatform's new release is approved and its database migrated; to have it made before that, set \
             spec.version of the SocialPlatform to the release that runs",
        ),
        (None, _) => Work::Waits("WaitingForPlatform", "it begins when the SocialPlatform's database has the version that it should"),
    }
}

async fn write(context: &Context, backup: &SocialPlatformBackup, new: &SocialPlatformBackupStatus) -> Result<(), Error> {
    let name = backup.name_any();
    let api: Api<SocialPlatformBackup> = Api::namespaced(context.client.clone(), &backup.namespace().unwrap_or_default());
    let patch = serde_json::json!({
        "apiVersion": SocialPlatformBackup::api_version(&()),
        "kind": SocialPlatformBackup::kind(&()),
        // Of no other of its name that was made meanwhile.
        "metadata": { "name": name, "uid": backup.metadata.uid },
        "status": new,
    });
    match api.patch_status(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(patch)).await {
        Ok(_) => {}
        // Somebody has deleted it meanwhile.
        Err(kube::Error::Api(status)) if status.is_not_found() => return Ok(()),
        Err(source) => return Err(Error { kind: "SocialPlatformBackup", name, source: Box::new(source) }),
    }
    publish(context, backup, new);
    Ok(())
}

/// An event for what is final.
fn publish(context: &Context, backup: &SocialPlatformBackup, new: &SocialPlatformBackupStatus) {
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
    context.events.tell(event, backup.object_ref(&()));
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::backups::SCHEDULED_LABEL;

    fn told(change: impl FnOnce(&mut SocialPlatformBackup)) -> SocialPlatformBackupStatus {
        let mut backup = crate::example::backup();
        backup.metadata.namespace = Some("social".to_owned());
        change(&mut backup);
        let told = stray(&backup, Timestamp::from_second(10).unwrap());
        backup.status = Some(told.clone());
        // However often it is looked at, and whenever.
        if !backup.is_over() {
            assert_eq!(stray(&backup, Timestamp::from_second(20).unwrap()), told);
        }
        told
    }

    #[test]
    fn a_backup_that_has_not_begun_waits_for_a_platform_of_that_name() {
        let status = told(|_| {});
        let complete = &status.conditions[0];
        assert_eq!((status.phase, complete.reason.as_str()), (Some(BackupPhase::Pending), "PlatformMissing"));
        assert!(complete.message.contains("no SocialPlatform demo in namespace social"), "{}", complete.message);
    }

    #[test]
    fn a_backup_that_its_platform_had_begun_or_asked_for_has_failed() {
        let running = |backup: &mut SocialPlatformBackup| {
            backup.status = Some(SocialPlatformBackupStatus { phase: Some(BackupPhase::Running), ..Default::default() });
        };
        // Its Job was deleted, so that it waited again.
        let begun = |backup: &mut SocialPlatformBackup| {
            let started_at = Some(Time(Timestamp::UNIX_EPOCH));
            backup.status = Some(SocialPlatformBackupStatus { phase: Some(BackupPhase::Pending), started_at, ..Default::default() });
        };
        let scheduled = |backup: &mut SocialPlatformBackup| {
            backup.labels_mut().insert(SCHEDULED_LABEL.to_owned(), "true".to_owned());
        };
        for status in [told(running), told(begun), told(scheduled)] {
            assert_eq!((status.phase, status.conditions[0].reason.as_str()), (Some(BackupPhase::Failed), "PlatformDeleted"));
        }
    }
}
