use k8s_openapi::api::batch::v1::{JobCondition, JobStatus};

use super::*;
use crate::crd::{PlatformRef, SocialPlatformBackupSpec};
use crate::kstatus::{Kstatus, kstatus};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A backup that was created then.
fn backup(name: &str, second: i64, phase: Option<BackupPhase>) -> Arc<SocialPlatformBackup> {
    let platform_ref = PlatformRef { name: "demo".to_owned() };
    let mut backup = SocialPlatformBackup::new(name, SocialPlatformBackupSpec { platform_ref });
    backup.metadata.uid = Some(format!("{second:08}-0000"));
    backup.metadata.creation_timestamp = Some(Time(at(second)));
    backup.metadata.labels = Some([(SCHEDULED_LABEL.to_owned(), "true".to_owned())].into());
    backup.status = phase.map(|phase| SocialPlatformBackupStatus {
        phase: Some(phase),
        verified: Some(phase == BackupPhase::Completed),
        completed_at: Some(Time(at(second + 5))),
        ..SocialPlatformBackupStatus::default()
    });
    Arc::new(backup)
}

/// The same, as another version wrote it.
fn unreadable(backup: &SocialPlatformBackup) -> Arc<UnreadableBackup> {
    let metadata = backup.metadata.clone();
    Arc::new(UnreadableBackup { metadata, platform: None, error: "it is new".to_owned(), told: None })
}

fn job(condition: Option<&str>) -> Job {
    let condition = condition.map(|type_| JobCondition { type_: type_.to_owned(), status: "True".to_owned(), ..JobCondition::default() });
    let conditions = condition.map(|condition| vec![condition]);
    let mut job = Job { status: Some(JobStatus { conditions, ..JobStatus::default() }), ..Job::default() };
    job.metadata.name = Some("demo-backup-1".to_owned());
    job
}

fn told(status: &SocialPlatformBackupStatus) -> (BackupPhase, &str) {
    (status.phase.unwrap(), status.conditions[0].reason.as_str())
}

#[test]
fn one_backup_is_made_at_a_time_the_oldest_first() {
    let backups = [backup("c", 30, None), backup("b", 20, Some(BackupPhase::Running)), backup("a", 10, Some(BackupPhase::Failed))];
    let due = Due::among("demo", &backups).unwrap();
    assert_eq!((due.resource.as_str(), due.name.as_str()), ("b", "b-00000020"));
    assert!(due.job.starts_with("demo-backup-") && due.job.len() <= 63);
    assert_eq!(Due::among("demo", &backups[2..]), None);
}

#[test]
fn none_begins_while_the_job_of_one_runs_that_cannot_be_read() {
    let (ours, other) = (backup("a", 1, None), backup("b", 2, None));
    let due = Due::among("demo", std::slice::from_ref(&ours)).unwrap();
    let unreadable = unreadable(&other);
    let of = |backup: &SocialPlatformBackup, ended| {
        let mut job = job(ended);
        job.metadata.name = Some(job_name("demo", &backup.metadata));
        Arc::new(job)
    };
    let may_go = |jobs: &[Arc<Job>]| due.may_go("demo", std::slice::from_ref(&unreadable), jobs);
    assert!(may_go(&[]));
    assert!(!may_go(&[of(&other, None)]));
    assert!(may_go(&[of(&other, Some("Complete"))]));
    assert!(may_go(&[of(&other, None), of(&ours, None)]), "what was begun goes on");
}

#[test]
fn a_resource_of_the_same_name_is_another_backup() {
    assert_ne!(kept_name(&backup("a", 1, None)), kept_name(&backup("a", 2, None)));
    assert_ne!(job_name("demo", &backup("a", 1, None).metadata), job_name("demo", &backup("a", 2, None).metadata));
    assert!(job_name(&"p".repeat(30), &backup(&"a".repeat(253), 1, None).metadata).len() <= 63);
    assert!(kept_name(&backup(&"a".repeat(253), 1, None)).len() <= 253);
}

#[test]
fn a_time_of_the_schedule_is_taken_once_and_none_is_made_up_for() {
    let schedule = Schedule::parse("0 * * * *").unwrap();
    let hour = |hour: i64| at(hour * 3600);
    assert_eq!(slot(&schedule, Some(hour(1)), at(5 * 3600 + 60)), Some(hour(5)));
    assert_eq!(slot(&schedule, Some(hour(5)), at(5 * 3600 + 60)), None);
    assert_eq!(scheduled_name("demo", hour(5)), "demo-scheduled-19700101t050000z");
}

/// A platform of this uid that was made then.
fn platform(uid: &str, second: i64) -> ObjectMeta {
    ObjectMeta { uid: Some(uid.to_owned()), creation_timestamp: Some(Time(at(second))), ..ObjectMeta::default() }
}

#[test]
fn a_backup_of_the_schedule_is_of_the_platform_that_it_names() {
    let mut backup = SocialPlatformBackup::clone(&backup("s-1", 10, Some(BackupPhase::Completed)));
    // One of an older operator names none.
    assert!(is_of(&backup, &platform("one", 10)));
    assert!(!is_of(&backup, &platform("one", 11)));
    backup.metadata.labels.get_or_insert_default().insert(PLATFORM_LABEL.to_owned(), "one".to_owned());
    for second in [5, 15] {
        assert!(is_of(&backup, &platform("one", second)));
        assert!(!is_of(&backup, &platform("another", second)));
    }
}

#[test]
fn a_backup_that_somebody_asked_for_is_of_the_platform_that_began_it() {
    let mut backup = SocialPlatformBackup::clone(&backup("by-hand", 10, Some(BackupPhase::Pending)));
    backup.metadata.labels = None;
    assert!(is_of(&backup, &platform("one", 15)), "it was asked for before there was a platform");
    backup.status.as_mut().unwrap().started_at = Some(Time(at(20)));
    assert!(is_of(&backup, &platform("one", 15)));
    assert!(!is_of(&backup, &platform("another", 25)));
}

#[test]
fn as_many_verified_ones_are_kept_as_were_asked_for() {
    let (completed, failed) = (Some(BackupPhase::Completed), Some(BackupPhase::Failed));
    let backups = [
        backup("s-1", 1, completed),
        backup("s-2", 2, failed),
        backup("s-3", 3, completed),
        backup("s-4", 4, failed),
        backup("s-5", 5, completed),
        backup("s-6", 6, None),
    ];
    let names = |keep| expired(&backups, keep).iter().map(|backup| backup.name_any()).collect::<Vec<_>>();
    assert_eq!(names(2), ["s-2", "s-1"]);
    assert_eq!(names(9), [""; 0]);
}

#[test]
fn failed_ones_do_not_pile_up_while_none_is_verified() {
    let mut backups = vec![backup("s-0", 0, Some(BackupPhase::Completed))];
    backups.extend((1..6).map(|number| backup(&format!("s-{number}"), number, Some(BackupPhase::Failed))));
    let names: Vec<_> = expired(&backups, 7).iter().map(|backup| backup.name_any()).collect();
    assert_eq!(names, ["s-2", "s-1"]);
}

#[test]
fn one_that_is_not_over_stands_for_those_after_it() {
    let by_hand = || {
        let mut backup = SocialPlatformBackup::clone(&backup("by-hand", 3, None));
        backup.metadata.labels = None;
        Arc::new(backup)
    };
    assert!(!is_making_scheduled(&[backup("s-1", 1, Some(BackupPhase::Failed)), by_hand()]));
    for phase in [None, Some(BackupPhase::Pending), Some(BackupPhase::Running)] {
        assert!(is_making_scheduled(&[backup("s-1", 1, Some(BackupPhase::Completed)), backup("s-2", 2, phase)]), "{phase:?}");
    }
}

/// What a Job says at its end whose backup is verified.
fn reported() -> String {
    let report = BackupReport {
        location: "s3://backups/a".to_owned(),
        checksum: "00ff".to_owned(),
        bytes: 5,
        rows: 4,
        objects: 3,
        missing: 0,
        verified: true,
    };
    serde_json::to_string(&report).unwrap()
}

#[test]
fn a_job_that_ended_well_reports_what_there_is() {
    let words = reported();
    let one = backup("a", 1, None);
    let status = status(&one, Work::Job(&job(Some("Complete")), Some(&words)), at(9));
    assert_eq!(told(&status), (BackupPhase::Completed, "Verified"));
    assert_eq!((status.bytes, status.objects, status.verified), (Some(5), Some(3), Some(true)));
    assert_eq!(status.backup_name.as_deref(), Some("a-00000001"));
}

#[test]
fn what_is_not_verified_is_no_backup() {
    let one = backup("a", 1, None);
    let waiting = status(&one, Work::Waits("Hibernated", "no pod runs"), at(9));
    assert_eq!(told(&waiting), (BackupPhase::Pending, "Hibernated"));
    let lost = status(&one, Work::Lost("PlatformDeleted", "it is gone"), at(9));
    assert_eq!(told(&lost), (BackupPhase::Failed, "PlatformDeleted"));
    let of_job = |ended, words| status(&one, Work::Job(&job(ended), words), at(9));
    assert_eq!(told(&of_job(None, None)), (BackupPhase::Running, "Running"));
    assert_eq!(told(&of_job(Some("Complete"), Some("done"))), (BackupPhase::Failed, "NoReport"));
    let failed = of_job(Some("Failed"), Some("ScratchRefused: the owner may not"));
    assert_eq!(told(&failed), (BackupPhase::Failed, "ScratchRefused"));
    assert_eq!(failed.conditions[0].message, "the owner may not");
}

#[test]
fn flux_waits_for_a_backup_until_it_is_verified_or_has_failed() {
    let words = reported();
    let (runs, complete, failed) = (job(None), job(Some("Complete")), job(Some("Failed")));
    let mut backup = SocialPlatformBackup::clone(&backup("a", 1, None));
    for (work, expected) in [
        (Work::Waits("Hibernated", "no pod runs"), Kstatus::InProgress),
        (Work::Job(&runs, None), Kstatus::InProgress),
        (Work::Job(&complete, Some(&words)), Kstatus::Current),
        (Work::Job(&complete, None), Kstatus::Failed),
        (Work::Job(&failed, Some("DumpFailed: no")), Kstatus::Failed),
        (Work::Lost("PlatformDeleted", "it is gone"), Kstatus::Failed),
    ] {
        backup.status = Some(status(&backup, work, at(9)));
        assert_eq!(kstatus(&backup), expected, "{work:?}");
    }
}

#[test]
fn the_job_of_a_backup_that_is_gone_is_left_over() {
    let (readable, other) = (backup("a", 1, None), backup("b", 2, None));
    let names = job_names("demo", std::slice::from_ref(&readable), &[unreadable(&other)]);
    let mut job = job(None);
    job.metadata.labels = Some([(COMPONENT.to_owned(), BACKUP.to_owned())].into());
    assert!(is_left_over(&job, Some(&names), false));
    assert!(!is_left_over(&job, None, false), "nobody knows which backups there are");
    for backup in [&readable, &other] {
        job.metadata.name = Some(job_name("demo", &backup.metadata));
        assert!(!is_left_over(&job, Some(&names), false));
    }
    job.metadata.labels = Some([(COMPONENT.to_owned(), "migrate".to_owned())].into());
    assert!(!is_left_over(&job, Some(&BTreeSet::new()), false));
}

#[test]
fn the_job_of_a_restore_stays_until_none_is_wanted() {
    let mut job = job(None);
    job.metadata.labels = Some([(COMPONENT.to_owned(), RESTORE.to_owned())].into());
    assert!(!is_left_over(&job, None, true));
    assert!(is_left_over(&job, None, false));
}

#[test]
fn a_failure_counts_until_a_later_one_is_verified() {
    let failed = backup("a", 1, Some(BackupPhase::Failed));
    let mut told = SocialPlatformBackup::clone(&failed);
    told.status.as_mut().unwrap().conditions = merged(&[], vec![Finding::new(COMPLETE, Truth::False, "DumpFailed", "no")], Some(1), at(2));
    let told = Arc::new(told);
    assert_eq!(last_failure(std::slice::from_ref(&told)).unwrap().1, "DumpFailed");
    let later = backup("b", 2, Some(BackupPhase::Completed));
    assert_eq!(last_failure(&[told, later.clone()]), None);
    assert_eq!(last_verified(&[later]), Some(("b".to_owned(), at(7))));
}
