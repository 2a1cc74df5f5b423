//! Conditions: what is true of a platform, and since when.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// It is as the spec asks for: the sum of all.
pub const READY: &str = "Ready";
/// Every Secret is there and complete.
pub const SECRETS_RESOLVED: &str = "SecretsResolved";
/// The schemas fit the release.
pub const DATABASE_MIGRATED: &str = "DatabaseMigrated";
/// The object store keeps what it is given, as was tried before this configuration was rolled out.
pub const OBJECT_STORE_REACHABLE: &str = "ObjectStoreReachable";
/// The database that CloudNativePG runs can be used; only where `database.mode` asks for it.
pub const DATABASE_READY: &str = "DatabaseReady";
/// The passwords and keys that `lifecycle.rotation` asks for are in use; only where it asks for any.
pub const SECRETS_ROTATED: &str = "SecretsRotated";
/// Requests come in.
pub const EXPOSED: &str = "Exposed";
/// The certificate of the domain is there, and has not expired; only where `exposure.tls` names one.
pub const CERTIFICATE_READY: &str = "CertificateReady";
/// A Development store is in use.
pub const DEVELOPMENT_ONLY: &str = "DevelopmentOnly";
/// The backup with which the platform began is restored; only where it began with one.
pub const BACKUP_RESTORED: &str = "BackupRestored";
/// The schedule's backups are made and verified; only where there is a schedule.
pub const BACKED_UP: &str = "BackedUp";
/// The number of pods follows the load; only where a service has an autoscaler.
pub const AUTOSCALING: &str = "Autoscaling";
/// Dashboards, alerts and ServiceMonitors are there; only where they were asked for.
pub const MONITORED: &str = "Monitored";
/// The volumes of Development storage are as the spec asks for; only while false.
pub const VOLUMES_APPLIED: &str = "VolumesApplied";
/// Everything is left as it is; only while true.
pub const PAUSED: &str = "Paused";
/// No pod is to run; only while true.
pub const HIBERNATED: &str = "Hibernated";
/// On its way; only while true (kstatus).
pub const RECONCILING: &str = "Reconciling";
/// Cannot go on unless someone acts; only while true (kstatus).
pub const STALLED: &str = "Stalled";

/// Why `DatabaseMigrated` is False while a person is asked. As nobody is to be woken for that, a metric has it, too.
pub const AWAITING_APPROVAL: &str = "AwaitingApproval";

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It is so.
    True,
    /// It is not.
    False,
    /// It could not be found out.
    Unknown,
}

impl Truth {
    fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A condition without its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which condition.
    pub type_: &'static str,
    /// Whether it holds.
    pub truth: Truth,
    /// Why, in CamelCase.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

impl Finding {
    /// A condition that holds, or does not.
    pub fn new(type_: &'static str, truth: Truth, reason: &str, message: impl Into<String>) -> Self {
        Self { type_, truth, reason: reason.to_owned(), message: message.into() }
    }
}

/// The conditions after `findings`: a time changes only when a status does, so that an unchanged platform has an
/// unchanged status. Conditions that were not found are dropped.
pub fn merged(old: &[Condition], findings: Vec<Finding>, generation: Option<i64>, now: Timestamp) -> Vec<Condition> {
    let merge = |finding: Finding| {
        let before = old.iter().find(|old| old.type_ == finding.type_ && old.status == finding.truth.name());
        Condition {
            type_: finding.type_.to_owned(),
            status: finding.truth.name().to_owned(),
            reason: finding.reason,
            message: finding.message,
            observed_generation: generation,
            last_transition_time: before.map_or(Time(now), |before| before.last_transition_time.clone()),
        }
    };
    findings.into_iter().map(merge).collect()
}

/// The conditions whose status or reason is another than before: what is worth an event.
pub fn changed<'a>(old: &[Condition], new: &'a [Condition]) -> Vec<&'a Condition> {
    let is_same =
        |one: &Condition, other: &Condition| (&one.type_, &one.status, &one.reason) == (&other.type_, &other.status, &other.reason);
    new.iter().filter(|new| !old.iter().any(|old| is_same(old, new))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_time_changes_only_with_the_status() {
        let finding = |truth, reason| vec![Finding::new(READY, truth, reason, "…")];
        let first = merged(&[], finding(Truth::False, "Migrating"), Some(1), at(10));
        let second = merged(&first, finding(Truth::False, "RollingOut"), Some(1), at(20));
        let third = merged(&second, finding(Truth::True, "Available"), Some(1), at(30));
        assert_eq!(second[0].last_transition_time, Time(at(10)));
        assert_eq!(third[0].last_transition_time, Time(at(30)));
    }

    #[test]
    fn nothing_new_is_nothing_changed() {
        let finding = || vec![Finding::new(READY, Truth::True, "Available", "…")];
        let first = merged(&[], finding(), Some(1), at(10));
        let second = merged(&first, finding(), Some(1), at(99));
        assert_eq!(first, second);
        assert!(changed(&first, &second).is_empty());
    }

    #[test]
    fn a_condition_of_the_moment_goes_when_it_is_over() {
        let first = merged(&[], vec![Finding::new(RECONCILING, Truth::True, "Migrating", "…")], Some(1), at(10));
        assert!(merged(&first, Vec::new(), Some(1), at(20)).is_empty());
    }

    #[test]
    fn another_reason_is_worth_an_event() {
        let first = merged(&[], vec![Finding::new(READY, Truth::False, "Migrating", "…")], Some(1), at(10));
        let second = merged(&first, vec![Finding::new(READY, Truth::False, "RollingOut", "…")], Some(1), at(20));
        assert_eq!(changed(&first, &second).len(), 1);
    }
}
