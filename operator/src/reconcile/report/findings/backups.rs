//! What is true of the backups of a platform, and of the one that it began with.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{RESTORING, View, carried};
use crate::backups::{first_scheduled, last_failure, last_verified};
use crate::migration::reason_of;
use crate::reconcile::Cluster;
use crate::reconcile::apply::Progress;
use crate::reconcile::conditions::{BACKED_UP, BACKUP_RESTORED, Finding, Truth};
use crate::reconcile::validate::Problem;
use crate::schedule::Schedule;

/// Whether the backup is restored with which the platform begins; nothing, if it begins with none.
pub(super) fn restored(cluster: &Cluster, view: View<'_>, old: &[Condition]) -> Option<Finding> {
    let name = &cluster.resource.spec.bootstrap.as_ref()?.from_backup.name;
    let finding = |truth, reason: &str, message: String| Some(Finding::new(BACKUP_RESTORED, truth, reason, message));
    let View::Applied(_, outcome) = view else { return Some(carried(old, BACKUP_RESTORED)) };
    match &outcome.progress {
        Progress::WaitingForStores(_) if outcome.resources.restore.is_some() => {
            finding(Truth::Unknown, "WaitingForStorage", format!("backup {name} is restored when the storage answers"))
        }
        Progress::Restoring => finding(Truth::False, RESTORING, format!("backup {name} is being restored")),
        Progress::RestoreFailed { job, message } => {
            let (reason, message) = reason_of(message, "RestoreFailed");
            let message = format!(
                "backup {name} could not be restored: {message}; put it right: it is tried again when the resource or a Secret that it \
                 reads changes, or when Job {job} is deleted"
            );
            finding(Truth::False, reason, message)
        }
        Progress::AwaitingApproval | Progress::Migrating | Progress::MigrationFailed { .. } | Progress::Migrated => {
            finding(Truth::True, "Restored", format!("the platform began with backup {name}"))
        }
        Progress::WaitingForStores(_) | Progress::Hibernated => Some(carried(old, BACKUP_RESTORED)),
    }
}

/// No backup is made, for this reason, and everything else is.
pub(super) fn held_up(problem: &Problem) -> Finding {
    Finding::new(BACKED_UP, Truth::False, problem.reason, &*problem.message)
}

/// Whether the schedule's backups are made and verified; nothing, if there is no schedule.
pub(super) fn backed_up(cluster: &Cluster) -> Option<Finding> {
    let resource = &*cluster.resource;
    let schedule = Schedule::parse(resource.spec.backup.as_ref()?.schedule.as_ref()?).ok()?;
    let finding = |truth, reason: &str, message: String| Some(Finding::new(BACKED_UP, truth, reason, message));
    let verified = last_verified(&cluster.backups);
    let last = match &verified {
        Some((name, _)) => format!("the last good one is {name}"),
        None => "there is none that is verified".to_owned(),
    };
    if let Some((name, reason, message)) = last_failure(&cluster.backups) {
        return finding(Truth::False, &reason, format!("backup {name} failed: {message}; {last}"));
    }
    // The time before the last one: what was due then should be there by now.
    let due = schedule.before(cluster.now).and_then(|last| schedule.before(last.checked_sub(jiff::SignedDuration::from_secs(1)).ok()?));
    let since = verified.as_ref().map(|(_, at)| *at).max(resource.metadata.creation_timestamp.as_ref().map(|time| time.0));
    // A schedule that was added to an old platform owes nothing for the times before it.
    let scheduled = resource.status.as_ref().and_then(|status| status.backups.as_ref()?.last_scheduled_at.as_ref().map(|time| time.0));
    let first = first_scheduled(&cluster.backups).and_then(|created| schedule.before(created)).or(scheduled);
    let is_late = |due: &jiff::Timestamp| since.is_some_and(|since| since < *due) && !resource.is_hibernated();
    match (&verified, due.filter(is_late)) {
        (_, Some(due)) if first.is_some_and(|first| first <= due) => {
            finding(Truth::False, "BackupOverdue", format!("what was due at {due} was not made; {last}"))
        }
        (Some((name, at)), None) => finding(Truth::True, "Verified", format!("backup {name} was verified at {at}")),
        _ => finding(Truth::Unknown, "NoBackupYet", "the first backup of the schedule is still to come".to_owned()),
    }
}
