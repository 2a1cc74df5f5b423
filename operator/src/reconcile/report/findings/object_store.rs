//! What is true of the object store, as the migration finds it, which tries it before it begins.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::carried;
use crate::migration::{Attempt, reason_of};
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::{Finding, OBJECT_STORE_REACHABLE, Truth};

/// The words before the colon of a migration that a store keeps from beginning.
const REASONS: [&str; 2] = ["ObjectStoreUnreachable", "ObjectStoreRefuses"];

/// Whether the store can be used; not known before it was tried with this configuration.
pub(super) fn object_store(outcome: &Outcome, old: &[Condition]) -> Finding {
    let finding = |truth, reason: &str, message: &str| Finding::new(OBJECT_STORE_REACHABLE, truth, reason, message);
    let untried = || finding(Truth::Unknown, "NotTried", "the migration tries the store before it begins");
    match &outcome.progress {
        Progress::Migrated => {
            let message = "before this configuration was rolled out, the store took an object, gave it back and deleted it; it is not tried \
                           again: what becomes of photo's calls is in its metrics, and in the alert ObjectStoreFails";
            finding(Truth::True, "Answered", message)
        }
        Progress::MigrationFailed { message, .. } => match reason_of(message, "MigrationFailed") {
            (reason, message) if is_about_store(reason) => finding(Truth::False, reason, message),
            // It may have come to the database, or not even have begun.
            _ => {
                finding(Truth::Unknown, "MigrationFailed", "the migration that tries the store failed; see the condition DatabaseMigrated")
            }
        },
        // The same again: what kept the attempt before from beginning is not over yet.
        Progress::Migrating if is_repeated(outcome) => {
            Some(carried(old, OBJECT_STORE_REACHABLE)).filter(|before| before.truth == Truth::False).unwrap_or_else(untried)
        }
        Progress::Migrating
        | Progress::AwaitingApproval
        | Progress::WaitingForStores(_)
        | Progress::Restoring
        | Progress::RestoreFailed { .. } => untried(),
        Progress::Hibernated => carried(old, OBJECT_STORE_REACHABLE),
    }
}

/// Did the store keep a migration from beginning, if that failed for this reason?
pub(super) fn is_about_store(reason: &str) -> bool {
    REASONS.contains(&reason)
}

fn is_repeated(outcome: &Outcome) -> bool {
    Attempt::of(&outcome.resources.migration).is_some_and(|attempt| attempt.number > 1)
}
