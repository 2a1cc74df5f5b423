use kube::runtime::events::EventType;

use super::*;
use crate::migration::ATTEMPT_LABEL;
use crate::reconcile::report::event_type;

const REFUSED: &str = "ObjectStoreRefuses: the object store at https://s3.example.org does not keep what is put into bucket photos";

fn failed(message: &str) -> Progress {
    Progress::MigrationFailed { message: message.to_owned(), attempts: 1, retry_at: Some(Timestamp::UNIX_EPOCH) }
}

/// What is told of the store once it is so far, by the attempt of this number.
fn told(progress: Progress, attempt: u32, old: &[Condition]) -> Finding {
    let (cluster, platform, mut outcome) = applied(full(), progress, true);
    outcome.resources.migration.labels_mut().insert(ATTEMPT_LABEL.to_owned(), attempt.to_string());
    of(&findings(&cluster, View::Applied(&platform, &outcome), old), OBJECT_STORE_REACHABLE)
}

fn of(findings: &[Finding], type_: &str) -> Finding {
    findings.iter().find(|finding| finding.type_ == type_).unwrap().clone()
}

fn conditions(finding: Finding) -> Vec<Condition> {
    merged(&[], vec![finding], Some(1), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_store_that_keeps_a_migration_from_beginning_is_told_in_its_words_and_so_is_the_migration() {
    let sentence = REFUSED.strip_prefix("ObjectStoreRefuses: ").unwrap();
    let (cluster, platform, outcome) = applied(full(), failed(REFUSED), true);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    let store = of(&findings, OBJECT_STORE_REACHABLE);
    assert_eq!((store.truth, store.reason.as_str(), store.message.as_str()), (Truth::False, "ObjectStoreRefuses", sentence));
    for type_ in [DATABASE_MIGRATED, READY] {
        let finding = of(&findings, type_);
        assert_eq!((finding.truth, finding.reason.as_str()), (Truth::False, "ObjectStoreRefuses"), "{type_}");
        assert!(finding.message.contains("has not begun") && finding.message.contains(sentence), "{}", finding.message);
    }
    let unreachable = told(failed("ObjectStoreUnreachable: nobody listens there"), 1, &[]);
    assert_eq!((unreachable.truth, unreachable.reason.as_str()), (Truth::False, "ObjectStoreUnreachable"));
}

#[test]
fn nothing_is_known_of_a_store_before_it_was_tried_with_this_configuration() {
    let (nothing, answered) = (Vec::new(), conditions(told(Progress::Migrated, 1, &[])));
    let waiting = Progress::WaitingForStores(vec!["demo-s3".to_owned()]);
    for progress in [waiting, Progress::Restoring, Progress::Migrating] {
        for old in [&nothing, &answered] {
            let found = told(progress.clone(), 1, old);
            assert_eq!((found.truth, found.reason.as_str()), (Truth::Unknown, "NotTried"), "{progress:?}");
        }
    }
    for message in ["RolesMissing: create role x", "it left no message; see the pods", ""] {
        let found = told(failed(message), 1, &answered);
        assert_eq!((found.truth, found.reason.as_str()), (Truth::Unknown, "MigrationFailed"), "{message}");
    }
}

#[test]
fn a_store_that_refused_does_so_until_an_attempt_says_otherwise_or_another_is_named() {
    let refused = conditions(told(failed(REFUSED), 1, &[]));
    let reason = |progress, attempt| told(progress, attempt, &refused).reason;
    assert_eq!(reason(Progress::Migrating, 2), "ObjectStoreRefuses");
    assert_eq!(reason(Progress::Migrated, 2), "Answered");
    assert_eq!(reason(Progress::Migrating, 1), "NotTried", "the first attempt of a new configuration");
    let answered = conditions(told(Progress::Migrated, 1, &[]));
    assert_eq!(told(Progress::Migrating, 2, &answered).reason, "NotTried", "that was another configuration");
}

#[test]
fn what_was_known_of_a_store_is_known_while_nobody_looks() {
    let answered = conditions(told(Progress::Migrated, 1, &[]));
    let (cluster, platform, outcome) = applied(full(), Progress::Hibernated, true);
    for view in [
        View::Paused,
        View::Refused(&[]),
        View::Unwritten(&platform, "exceeded quota", Write::Refused),
        View::Unwritten(&platform, "no answer", Write::Failed),
        View::Applied(&platform, &outcome),
    ] {
        let found = of(&findings(&cluster, view, &answered), OBJECT_STORE_REACHABLE);
        assert_eq!((found.truth, found.reason.as_str()), (Truth::True, "Answered"));
    }
}

#[test]
fn a_store_that_cannot_be_used_is_a_warning() {
    let event = |progress| event_type(&conditions(told(progress, 1, &[]))[0]);
    assert!(matches!(event(failed(REFUSED)), EventType::Warning));
    assert!(matches!(event(Progress::Migrated), EventType::Normal));
}
