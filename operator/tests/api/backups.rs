//! Backups that somebody asks for, and that a schedule asks for.

use contracts::backup::BackupReport;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use operator::crd::{BackupPhase, SocialPlatform, SocialPlatformBackup, SocialPlatformBackupStatus};
use operator::example::backup;
use serde_json::json;

use crate::harness::{Harness, eventually, external};
use crate::player::Jobs;

/// The name of the example.
pub const NAME: &str = "before-the-upgrade";

/// What a Job says that has made a backup.
pub fn report() -> String {
    let report = BackupReport {
        location: "s3://demo-backups/platforms/demo/one".to_owned(),
        checksum: "00ff".to_owned(),
        bytes: 5_000,
        rows: 40,
        objects: 8,
        missing: 0,
        verified: true,
    };
    serde_json::to_string(&report).unwrap()
}

/// The Jobs of a component.
pub async fn jobs_of(harness: &Harness, component: &str) -> Vec<Job> {
    let selector = format!("app.kubernetes.io/component={component}");
    harness.api::<Job>().list(&ListParams::default().labels(&selector)).await.unwrap().items
}

/// Waits until a backup is in this phase.
pub async fn in_phase(harness: &Harness, name: &str, phase: BackupPhase) -> SocialPlatformBackupStatus {
    eventually(&format!("{name} is {phase:?}"), || async {
        let status = harness.get::<SocialPlatformBackup>(name).await.status.unwrap_or_default();
        if status.phase == Some(phase) { Ok(status) } else { Err(format!("{status:?}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_asked_for_is_made_once_and_goes_with_its_resource() {
    let harness = Harness::start("backup").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.player.jobs(Jobs::Report(report()));
    harness.create(&backup()).await;
    let status = in_phase(&harness, NAME, BackupPhase::Completed).await;
    assert_eq!((status.verified, status.bytes, status.objects), (Some(true), Some(5_000), Some(8)));
    assert_eq!(status.location.as_deref(), Some("s3://demo-backups/platforms/demo/one"));
    assert!(status.backup_name.unwrap().starts_with(&format!("{NAME}-")));
    assert_eq!(status.conditions[0].reason, "Verified");

    // However often it is looked at, nothing more is made.
    let platform = harness.edit::<SocialPlatform>("demo", json!({"metadata": {"annotations": {"look": "again"}}})).await;
    harness.wait_until_ready().await;
    let jobs = jobs_of(&harness, "backup").await;
    assert_eq!(jobs.len(), 1);
    let pod = jobs[0].spec.as_ref().unwrap().template.spec.as_ref().unwrap();
    assert_eq!(pod.containers[0].image.as_deref(), Some("docker.io/library/postgres:17"));
    eventually("the platform knows of it", || async {
        let status = harness.get::<SocialPlatform>(&platform.name_any()).await.status.unwrap_or_default();
        let last = status.backups.and_then(|backups| backups.last_verified);
        if last.as_deref() == Some(NAME) { Ok(()) } else { Err(format!("{last:?}")) }
    })
    .await;

    harness.api::<SocialPlatformBackup>().delete(NAME, &DeleteParams::default()).await.unwrap();
    eventually("its Job is gone", || async {
        let left = jobs_of(&harness, "backup").await.len();
        if left == 0 { Ok(()) } else { Err(format!("{left} Jobs")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_backup_waits_for_the_first_and_both_for_the_platform() {
    let harness = Harness::start("backups").await;
    harness.player.jobs(Jobs::Wait);
    harness.create(&external()).await;
    harness.create(&backup()).await;
    let status = in_phase(&harness, NAME, BackupPhase::Pending).await;
    assert_eq!(status.conditions[0].reason, "WaitingForPlatform");

    harness.player.jobs(Jobs::Succeed);
    harness.wait_for("DatabaseMigrated", "True", "Migrated").await;
    // One that ends without a report is none.
    in_phase(&harness, NAME, BackupPhase::Failed).await;

    harness.player.jobs(Jobs::Wait);
    for name in ["first", "second"] {
        let mut another = backup();
        another.metadata.name = Some(name.to_owned());
        harness.create(&another).await;
        // In this order.
        let phase = if name == "first" { BackupPhase::Running } else { BackupPhase::Pending };
        in_phase(&harness, name, phase).await;
    }
    harness.player.jobs(Jobs::Report(report()));
    in_phase(&harness, "first", BackupPhase::Completed).await;
    in_phase(&harness, "second", BackupPhase::Completed).await;
}

/// Waits until the backup waits for this reason.
async fn pending(harness: &Harness, reason: &str) {
    eventually(&format!("{NAME} waits: {reason}"), || async {
        let status = harness.get::<SocialPlatformBackup>(NAME).await.status.unwrap_or_default();
        let waits = status.phase == Some(BackupPhase::Pending) && status.conditions.iter().any(|it| it.reason == reason);
        if waits { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_platform_that_is_left_as_it_is_says_what_it_waits_for() {
    let harness = Harness::start("held-up").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.player.jobs(Jobs::Report(report()));
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"paused": true}}})).await;
    harness.wait_for("Paused", "True", "Requested").await;
    harness.create(&backup()).await;
    pending(&harness, "PlatformPaused").await;

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"paused": false}, "version": "9.9.9"}})).await;
    pending(&harness, "PlatformStalled").await;
    assert_eq!(jobs_of(&harness, "backup").await.len(), 0);

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "1.0.0"}})).await;
    in_phase(&harness, NAME, BackupPhase::Completed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_asks_for_a_backup_by_itself() {
    let harness = Harness::start("schedule").await;
    harness.player.jobs(Jobs::Report(report()));
    let mut resource = external();
    resource.spec.backup.as_mut().unwrap().schedule = Some("* * * * *".to_owned());
    harness.create(&resource).await;
    harness.wait_for("BackedUp", "True", "Verified").await;
    let backups = harness.api::<SocialPlatformBackup>().list(&ListParams::default()).await.unwrap();
    assert!(backups.iter().all(|backup| backup.name_any().starts_with("demo-scheduled-")));
    let pods = harness.api::<Pod>().list(&ListParams::default().labels("app.kubernetes.io/component=backup")).await.unwrap();
    let container = &pods.items[0].spec.as_ref().unwrap().containers[0];
    let series = container.env.iter().flatten().find(|variable| variable.name == "BACKUP_SERIES").unwrap();
    assert_eq!(series.value.as_deref(), Some("demo-scheduled-"));
    let uid = harness.get::<SocialPlatform>("demo").await.uid().unwrap();
    let platform = container.env.iter().flatten().find(|variable| variable.name == "BACKUP_PLATFORM_ID").unwrap();
    assert_eq!(platform.value, Some(format!("{}/demo/{uid}", harness.namespace)));
}
