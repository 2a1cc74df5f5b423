//! What those make of a platform that wait for it without knowing the kind, such as Flux.

use super::*;
use crate::kstatus::Kstatus::{self, Current, Failed, InProgress, Terminating};

/// The platform with the status that it gets.
fn told(cluster: &Cluster, view: View<'_>) -> SocialPlatform {
    SocialPlatform { status: Some(status(cluster, view)), ..SocialPlatform::clone(&cluster.resource) }
}

fn kstatus(cluster: &Cluster, view: View<'_>) -> Kstatus {
    crate::kstatus::kstatus(&told(cluster, view))
}

#[test]
fn a_platform_on_its_way_is_in_progress_one_that_needs_somebody_has_failed_and_one_that_serves_is_current() {
    let mut resource = minimal();
    resource.spec.bootstrap = crate::example::restored().spec.bootstrap;
    let restore_failed = Progress::RestoreFailed { job: "demo-restore".into(), message: "BackupNotFound: there is none".into() };
    let failed = |message: &str, retry_at| Progress::MigrationFailed { message: message.into(), attempts: 1, retry_at };
    for (progress, serving, expected) in [
        (Progress::WaitingForStores(vec!["demo-postgres".to_owned()]), false, InProgress),
        (Progress::Restoring, true, InProgress),
        (restore_failed, true, Failed),
        (Progress::Migrating, true, InProgress),
        // It is tried again by itself.
        (failed("it timed out", Some(Timestamp::UNIX_EPOCH)), true, InProgress),
        (failed("ObjectStoreRefuses: no", Some(Timestamp::UNIX_EPOCH)), true, InProgress),
        (failed("it timed out", None), true, Failed),
        // As for a Secret: it goes on by itself once it has what it waits for.
        (Progress::AwaitingApproval, true, InProgress),
        (Progress::Migrated, false, InProgress),
        (Progress::Migrated, true, Current),
    ] {
        let (cluster, platform, outcome) = applied(resource.clone(), progress, serving);
        let view = View::Applied(&platform, &outcome);
        assert_eq!(kstatus(&cluster, view), expected, "{:?}, serving: {serving}", outcome.progress);
    }
}

#[test]
fn a_restore_that_failed_is_stalled_in_the_words_of_what_to_do() {
    let mut resource = minimal();
    resource.spec.bootstrap = crate::example::restored().spec.bootstrap;
    let failed = Progress::RestoreFailed { job: "demo-restore".into(), message: "BackupNotFound: there is none".into() };
    let (cluster, platform, outcome) = applied(resource, failed, true);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    let of = |type_: &str| findings.iter().find(|finding| finding.type_ == type_);
    let (stalled, restored) = (of(STALLED).unwrap(), of(BACKUP_RESTORED).unwrap());
    assert_eq!((stalled.reason.as_str(), &stalled.message), ("BackupNotFound", &restored.message));
    assert!(of(RECONCILING).is_none(), "{findings:?}");
}

#[test]
fn a_platform_that_sleeps_as_it_was_asked_to_is_current_once_its_pods_have_ended() {
    let resource = living(LifecycleSpec { hibernated: Some(true), ..LifecycleSpec::default() });
    let (cluster, platform, mut outcome) = applied(resource, Progress::Hibernated, true);
    assert_eq!(kstatus(&cluster, View::Applied(&platform, &outcome)), Current);
    let ending = &mut outcome.resources.deployments[0];
    ending.status.as_mut().unwrap().replicas = Some(1);
    assert_eq!(kstatus(&cluster, View::Applied(&platform, &outcome)), InProgress);
}

#[test]
fn a_platform_that_is_refused_has_failed_unless_it_waits_for_a_secret() {
    let cluster = cluster(minimal());
    let problem = |condition, stalled| Problem { condition, reason: "Wrong", message: "put it right".into(), stalled };
    assert_eq!(kstatus(&cluster, View::Refused(&[problem(READY, true)])), Failed);
    assert_eq!(kstatus(&cluster, View::Refused(&[problem(SECRETS_RESOLVED, false)])), InProgress);
    let platform = validate(&cluster).unwrap();
    assert_eq!(kstatus(&cluster, View::Unwritten(&platform, "exceeded quota", Write::Refused)), Failed);
    assert_eq!(kstatus(&cluster, View::Unwritten(&platform, "failed calling webhook", Write::Failed)), InProgress);
}

#[test]
fn a_paused_platform_is_what_it_was() {
    let paused = || cluster(living(LifecycleSpec { paused: Some(true), ..LifecycleSpec::default() }));
    // Nothing is known of it, and nothing will be before it goes on.
    assert_eq!(kstatus(&paused(), View::Paused), InProgress);
    let (before, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let mut cluster = paused();
    Arc::make_mut(&mut cluster.resource).status = Some(status(&before, View::Applied(&platform, &outcome)));
    assert_eq!(kstatus(&cluster, View::Paused), Current);
}

#[test]
fn a_platform_that_was_changed_since_is_in_progress_and_one_that_goes_is_terminating() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let mut resource = told(&cluster, View::Applied(&platform, &outcome));
    resource.metadata.generation = Some(2);
    assert_eq!(crate::kstatus::kstatus(&resource), InProgress);
    resource.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    assert_eq!(crate::kstatus::kstatus(&resource), Terminating);
}
