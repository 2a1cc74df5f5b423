//! Which backup is due, what its Job is called, and what became of it. Pure.
//!
//! One backup of a platform runs at a time, the oldest first. A scheduled one is a `SocialPlatformBackup` that the operator creates
//! itself, under the name of its time: however often that is tried, there is one. It has no owner, as its bytes can be restored when
//! the platform is gone; it says whose it is, because another platform of that name has no part in it.

mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::backup::BackupReport;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::{Resource, ResourceExt};

use crate::components::{BACKUP, RESTORE};
use crate::crd::{BackupPhase, SocialPlatformBackup, SocialPlatformBackupStatus};
use crate::drift::hash_parts;
use crate::migration::{State, reason_of, state};
use crate::reconcile::conditions::{Finding, RECONCILING, STALLED, Truth, merged};
use crate::resources::metadata::COMPONENT;
use crate::schedule::Schedule;

pub use stored::{READABLE, StoredBackup, UnreadableBackup};

/// The condition of a backup that says what came of it.
pub const COMPLETE: &str = "Complete";
/// How many verified backups of a schedule are kept, unless the resource says so.
pub const KEEP: usize = 7;
/// How many failed backups of a schedule are kept, for whoever looks into it.
const KEEP_FAILED: usize = 3;
/// On a backup that the operator created.
pub const SCHEDULED_LABEL: &str = "socialplatform.dev/scheduled";
/// On a backup that the operator created: the uid of its platform.
pub const PLATFORM_LABEL: &str = "socialplatform.dev/platform-uid";

/// The backup that is to be made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The name of the resource.
    pub resource: String,
    /// The name under which it is kept.
    pub name: String,
    /// The name of its Job.
    pub job: String,
}

impl Due {
    /// The oldest backup that is not over and not going.
    pub fn among(platform: &str, backups: &[Arc<SocialPlatformBackup>]) -> Option<Self> {
        let open = backups.iter().filter(|backup| !backup.is_over() && backup.metadata.deletion_timestamp.is_none());
        let oldest = open.min_by_key(|backup| (created(backup), backup.name_any()))?;
        Some(Self { resource: oldest.name_any(), name: kept_name(oldest), job: job_name(platform, &oldest.metadata) })
    }

    /// May its Job be there? Not while that of a backup runs that cannot be read; but what was begun goes on.
    pub fn may_go(&self, platform: &str, unreadable: &[Arc<UnreadableBackup>], jobs: &[Arc<Job>]) -> bool {
        let others = job_names(platform, &[], unreadable);
        let runs = |job: &Job| others.contains(&job.name_any()) && state(job.status.as_ref()) == State::Running;
        jobs.iter().any(|job| job.name_any() == self.job) || !jobs.iter().any(|job| runs(job))
    }
}

/// Is a backup of this platform, and not of an earlier one of its name? One that somebody asked for is of the platform that began it.
pub fn is_of(backup: &SocialPlatformBackup, platform: &ObjectMeta) -> bool {
    let labels = backup.labels();
    if let Some(uid) = labels.get(PLATFORM_LABEL) {
        return Some(uid) == platform.uid.as_ref();
    }
    let started = backup.status.as_ref().and_then(|status| status.started_at.as_ref()).map(|time| time.0);
    // An older operator did not say whose those of the schedule are.
    let begun = started.or_else(|| created(backup).filter(|_| labels.contains_key(SCHEDULED_LABEL)));
    let made = platform.creation_timestamp.as_ref().map(|time| time.0);
    begun.zip(made).is_none_or(|(begun, made)| begun >= made)
}

/// Is a backup over once its platform is gone? Then it is of that one alone: it had begun, or was asked for by its schedule. Any other
/// is of whichever platform has the name.
pub fn ends_with_its_platform(backup: &SocialPlatformBackup) -> bool {
    let is_scheduled = [SCHEDULED_LABEL, PLATFORM_LABEL].iter().any(|label| backup.labels().contains_key(*label));
    // The Job is known before the time at which it began.
    let has_begun = |status: &SocialPlatformBackupStatus| status.started_at.is_some() || status.phase == Some(BackupPhase::Running);
    is_scheduled || backup.status.as_ref().is_some_and(has_begun)
}

/// When a resource was created.
fn created(backup: &SocialPlatformBackup) -> Option<Timestamp> {
    backup.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

/// The name under which a backup is kept: the resource's, and the beginning of its uid, because a resource of the same name is
/// another backup.
pub fn kept_name(backup: &SocialPlatformBackup) -> String {
    let uid: String = backup.uid().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name: String = backup.name_any().chars().take(240).collect();
    format!("{name}-{uid}")
}

/// The name of the Job that makes a backup.
pub fn job_name(platform: &str, backup: &ObjectMeta) -> String {
    let [name, uid] = [&backup.name, &backup.uid].map(|text| text.as_deref().unwrap_or_default().as_bytes());
    format!("{platform}-backup-{}", hash_parts([("name", name), ("uid", uid)]))
}

/// The names of the Jobs of all backups that there are. One that cannot be read may have a Job as well.
pub fn job_names(platform: &str, backups: &[Arc<SocialPlatformBackup>], unreadable: &[Arc<UnreadableBackup>]) -> BTreeSet<String> {
    let all = backups.iter().map(|backup| &backup.metadata).chain(unreadable.iter().map(|backup| &backup.metadata));
    all.map(|backup| job_name(platform, backup)).collect()
}

/// What the names of a platform's scheduled backups begin with.
pub fn series(platform: &str) -> String {
    format!("{platform}-scheduled-")
}

/// The name of the backup of a time.
pub fn scheduled_name(platform: &str, at: Timestamp) -> String {
    format!("{}{}", series(platform), at.strftime("%Y%m%dt%H%M%Sz"))
}

/// The time for which a backup is to be created: the last one of the schedule, if it is after `since`. What was missed before that
/// is not made up for.
pub fn slot(schedule: &Schedule, since: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    schedule.before(now).filter(|slot| since.is_none_or(|since| *slot > since))
}

/// Is one of the schedule's backups not over yet? Until then no other is created: they could become more without end.
pub fn is_making_scheduled(backups: &[Arc<SocialPlatformBackup>]) -> bool {
    scheduled(backups).any(|backup| !backup.is_over() && backup.metadata.deletion_timestamp.is_none())
}

/// The scheduled backups that are to be forgotten, as their bytes are: those older than the newest `keep` verified ones, and failed
/// ones but for the newest few. One that runs is left to end.
pub fn expired(backups: &[Arc<SocialPlatformBackup>], keep: usize) -> Vec<Arc<SocialPlatformBackup>> {
    let mut scheduled: Vec<_> = scheduled(backups).cloned().collect();
    // Their names sort by time.
    scheduled.sort_by_key(|backup| std::cmp::Reverse(backup.name_any()));
    let (mut verified, mut failed) = (0, 0);
    scheduled.retain(|backup| {
        let has_failed = backup.is_over() && !backup.is_verified();
        let is_old = verified >= keep || (has_failed && failed >= KEEP_FAILED);
        verified += usize::from(backup.is_verified());
        failed += usize::from(has_failed);
        is_old && backup.is_over() && backup.metadata.deletion_timestamp.is_none()
    });
    scheduled
}

fn scheduled(backups: &[Arc<SocialPlatformBackup>]) -> impl Iterator<Item = &Arc<SocialPlatformBackup>> {
    backups.iter().filter(|backup| backup.labels().contains_key(SCHEDULED_LABEL))
}

/// Is it the Job of a backup that is gone, or of a restore that is no longer wanted? `backups` are the Jobs of those that are there;
/// where the cluster knows no backups, none is gone. `restores` says whether the platform is still to begin with a backup.
pub fn is_left_over(job: &Job, backups: Option<&BTreeSet<String>>, restores: bool) -> bool {
    match job.labels().get(COMPONENT).map(String::as_str) {
        Some(BACKUP) => backups.is_some_and(|backups| !backups.contains(&job.name_any())),
        // Whatever it is called: an older operator may have made it.
        Some(RESTORE) => !restores,
        _ => false,
    }
}

/// When the first backup of a schedule was created, of those that are there.
pub fn first_scheduled(backups: &[Arc<SocialPlatformBackup>]) -> Option<Timestamp> {
    scheduled(backups).filter_map(|backup| created(backup)).min()
}

/// The last verified backup, and when that was.
pub fn last_verified(backups: &[Arc<SocialPlatformBackup>]) -> Option<(String, Timestamp)> {
    let verified = backups.iter().filter(|backup| backup.is_verified());
    let at = |backup: &Arc<SocialPlatformBackup>| backup.status.as_ref()?.completed_at.as_ref().map(|time| time.0);
    verified.filter_map(|backup| Some((at(backup)?, backup.name_any()))).max().map(|(at, name)| (name, at))
}

/// The last backup that failed, if none was verified since, and why.
pub fn last_failure(backups: &[Arc<SocialPlatformBackup>]) -> Option<(String, String, String)> {
    let last = backups.iter().filter(|backup| backup.is_over()).max_by_key(|backup| (created(backup), backup.name_any()))?;
    let status = last.status.as_ref().filter(|status| status.phase == Some(BackupPhase::Failed))?;
    let why = status.conditions.iter().find(|condition| condition.type_ == COMPLETE)?;
    Some((last.name_any(), why.reason.clone(), why.message.clone()))
}

/// What is known of the Job of a backup.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// There is none, for this reason, which a message explains.
    Waits(&'a str, &'a str),
    /// There will be none any more, for this reason, which a message explains.
    Lost(&'a str, &'a str),
    /// There is one; and the last words of its pod, once it has ended.
    Job(&'a Job, Option<&'a str>),
}

/// What became of a backup that was not over.
pub fn status(backup: &SocialPlatformBackup, work: Work<'_>, now: Timestamp) -> SocialPlatformBackupStatus {
    let old = backup.status.clone().unwrap_or_default();
    let generation = backup.meta().generation;
    let base = SocialPlatformBackupStatus { observed_generation: generation, backup_name: Some(kept_name(backup)), ..old.clone() };
    let told = |base: SocialPlatformBackupStatus, phase, reason: &str, message: String| {
        let conditions = merged(&old.conditions, findings(phase, reason, message), generation, now);
        SocialPlatformBackupStatus { phase: Some(phase), conditions, ..base }
    };
    let (job, words) = match work {
        Work::Waits(reason, message) => return told(base, BackupPhase::Pending, reason, message.to_owned()),
        Work::Lost(reason, message) => return told(base, BackupPhase::Failed, reason, message.to_owned()),
        Work::Job(job, words) => (job, words.unwrap_or_default()),
    };
    let started_at = job.status.as_ref().and_then(|status| status.start_time.clone()).or(base.started_at.clone());
    let base = SocialPlatformBackupStatus { started_at, ..base };
    match state(job.status.as_ref()) {
        State::Running => {
            let message = format!("Job {} makes it, and verifies it", job.name_any());
            told(base, BackupPhase::Running, "Running", message)
        }
        State::Complete => match serde_json::from_str::<BackupReport>(words) {
            Ok(report) if report.verified => {
                let message = praise(&report);
                told(completed(base, report, job, now), BackupPhase::Completed, "Verified", message)
            }
            _ => {
                let message = format!("Job {} ended well, but its pod left no report: see its log", job.name_any());
                told(base, BackupPhase::Failed, "NoReport", message)
            }
        },
        State::Failed(_) => {
            let (reason, message) = reason_of(words, "BackupFailed");
            told(base, BackupPhase::Failed, reason, message.to_owned())
        }
    }
}

/// The conditions of a backup: beside the one of its own, that by which others know whether to wait for it (kstatus).
fn findings(phase: BackupPhase, reason: &str, message: String) -> Vec<Finding> {
    let (is_complete, of_the_moment) = match phase {
        BackupPhase::Pending | BackupPhase::Running => (Truth::False, Some(RECONCILING)),
        BackupPhase::Failed => (Truth::False, Some(STALLED)),
        BackupPhase::Completed => (Truth::True, None),
    };
    let complete = Finding::new(COMPLETE, is_complete, reason, message);
    let of_the_moment = of_the_moment.map(|type_| Finding { type_, truth: Truth::True, ..complete.clone() });
    [Some(complete), of_the_moment].into_iter().flatten().collect()
}

fn completed(base: SocialPlatformBackupStatus, report: BackupReport, job: &Job, now: Timestamp) -> SocialPlatformBackupStatus {
    let number = |number: u64| i64::try_from(number).ok();
    SocialPlatformBackupStatus {
        completed_at: job.status.as_ref().and_then(|status| status.completion_time.clone()).or(Some(Time(now))),
        bytes: number(report.bytes),
        rows: number(report.rows),
        objects: number(report.objects),
        missing: number(report.missing),
        location: Some(report.location),
        checksum: Some(report.checksum),
        verified: Some(true),
        ..base
    }
}

fn praise(report: &BackupReport) -> String {
    match report.missing {
        0 => "it was restored into a scratch database, and all counts and hashes are the same".to_owned(),
        missing => format!("all counts and hashes are the same; {missing} objects, which the platform had lost before, are not in it"),
    }
}

#[cfg(test)]
mod tests;
