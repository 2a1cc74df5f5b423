//! The conditions of all platforms as one metric, so that an alert can say what `kubectl describe` says. One reason is there as if it
//! were a condition, since alerts have to know it: `AwaitingApproval`, while a migration waits for a person. It is 1 if nothing else
//! keeps the platform from being ready, and else 0.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use opentelemetry::KeyValue;

use crate::reconcile::conditions::{AWAITING_APPROVAL, DATABASE_MIGRATED, READY};

/// By namespace and name: each condition and its value.
type Known = BTreeMap<(String, String), Vec<(String, i64)>>;

static KNOWN: Mutex<Known> = Mutex::new(Known::new());

/// Makes the gauge; once, after the meters are set up.
pub fn observe() {
    let _conditions = telemetry::meter()
        .i64_observable_gauge("socialplatform.operator.condition")
        .with_description("Conditions of the platforms: 1 is True, 0 is False, -1 is Unknown.")
        .with_callback(|observer| {
            let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for ((namespace, name), conditions) in known {
                for (condition, value) in conditions {
                    let labels = [
                        KeyValue::new("socialplatform.namespace", namespace.clone()),
                        KeyValue::new("socialplatform.name", name.clone()),
                        KeyValue::new("condition", condition),
                    ];
                    observer.observe(value, &labels);
                }
            }
        })
        .build();
}

/// These are the conditions of a platform now; those that are left out are over.
pub fn set(namespace: &str, name: &str, conditions: &[Condition]) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert((namespace.to_owned(), name.to_owned()), values(conditions));
}

/// Each condition and its value.
fn values(conditions: &[Condition]) -> Vec<(String, i64)> {
    let value = |condition: &Condition| match condition.status.as_str() {
        "True" => 1,
        "False" => 0,
        _ => -1,
    };
    let awaits = |condition: &&Condition| condition.type_ == DATABASE_MIGRATED && condition.reason == AWAITING_APPROVAL;
    let alone = conditions.iter().any(|condition| condition.type_ == READY && condition.reason == AWAITING_APPROVAL);
    let reason = conditions.iter().find(awaits).map(|_| (AWAITING_APPROVAL.to_owned(), i64::from(alone)));
    conditions.iter().map(|condition| (condition.type_.clone(), value(condition))).chain(reason).collect()
}

/// A platform is gone.
pub fn forget(namespace: &str, name: &str) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).remove(&(namespace.to_owned(), name.to_owned()));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::reconcile::conditions::{Finding, Truth, merged};

    #[test]
    fn a_migration_that_waits_for_a_person_is_told_from_one_that_fails() {
        let told = |ready, migrated| {
            let finding = |type_, reason| Finding::new(type_, Truth::False, reason, "…");
            let findings = vec![finding(READY, ready), finding(DATABASE_MIGRATED, migrated)];
            values(&merged(&[], findings, Some(1), Timestamp::UNIX_EPOCH))
        };
        let both = [("Ready".to_owned(), 0), ("DatabaseMigrated".to_owned(), 0)];
        let with = |value| [both.to_vec(), vec![("AwaitingApproval".to_owned(), value)]].concat();
        assert_eq!(told("MigrationFailed", "MigrationFailed"), both);
        assert_eq!(told(AWAITING_APPROVAL, AWAITING_APPROVAL), with(1));
        assert_eq!(told("RollingOut", AWAITING_APPROVAL), with(0), "that pods are missing is another matter");
    }
}
