//! Backups that somebody asks for, and that a schedule asks for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contracts::backup::BackupReport;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Secret, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams};
use kube::client::ClientBuilder;
use operator::crd::{BackupPhase, SocialPlatform, SocialPlatformBackup, SocialPlatformBackupStatus};
use operator::example::backup;
use serde_json::json;

use crate::faults::refusal;
use crate::harness::{Harness, eventually, external};
use crate::instead::Instead;
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
async fn without_credentials_for_backups_everything_else_goes_on() {
    let harness = Harness::start("uncredited").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    let name = external().spec.backup.unwrap().destination.credentials_secret_ref.name;
    let credentials: Secret = harness.get(&name).await;
    harness.api::<Secret>().delete(&name, &DeleteParams::default()).await.unwrap();
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "2.0.0"}})).await;
    harness.wait_for("BackedUp", "False", "SecretMissing").await;
    harness.wait_for("SecretsResolved", "False", "SecretMissing").await;
    let platform = harness.wait_until_ready().await;
    assert_eq!(platform.status.unwrap().version.as_deref(), Some("2.0.0"));
    harness.create(&backup()).await;
    pending(&harness, NAME, "WaitingForPlatform").await;

    harness.player.jobs(Jobs::Report(report()));
    let metadata = ObjectMeta { name: Some(name), ..ObjectMeta::default() };
    harness.create(&Secret { metadata, ..credentials }).await;
    in_phase(&harness, NAME, BackupPhase::Completed).await;
    harness.wait_for("SecretsResolved", "True", "AllFound").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_runs_keeps_its_network_and_its_account_until_it_has_ended() {
    let harness = Harness::start("kept").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.player.jobs(Jobs::Wait);
    harness.create(&backup()).await;
    eventually("the operator sees its Job", || async {
        let status = in_phase(&harness, NAME, BackupPhase::Running).await;
        status.started_at.map(drop).ok_or_else(|| "it has only made it".to_owned())
    })
    .await;
    let there = async || {
        let policy = harness.api::<NetworkPolicy>().get_opt("demo-backup").await.unwrap().is_some();
        (policy, harness.api::<ServiceAccount>().get_opt("demo-backup").await.unwrap().is_some())
    };

    // The status is written after everything else.
    let name = external().spec.backup.unwrap().destination.credentials_secret_ref.name;
    harness.api::<Secret>().delete(&name, &DeleteParams::default()).await.unwrap();
    harness.wait_for("BackedUp", "False", "SecretMissing").await;
    assert_eq!(there().await, (true, true), "its credentials are away");
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"backup": null}})).await;
    harness.wait_until_ready().await;
    assert_eq!(there().await, (true, true), "no other is to be made");

    harness.player.jobs(Jobs::Report(report()));
    eventually("they are gone", || async {
        let left = there().await;
        if left == (false, false) { Ok(()) } else { Err(format!("{left:?}")) }
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

/// Waits until a backup waits for this reason.
pub async fn pending(harness: &Harness, name: &str, reason: &str) {
    eventually(&format!("{name} waits: {reason}"), || async {
        let status = harness.get::<SocialPlatformBackup>(name).await.status.unwrap_or_default();
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
    pending(&harness, NAME, "PlatformPaused").await;

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"paused": false}, "version": "9.9.9"}})).await;
    pending(&harness, NAME, "PlatformStalled").await;
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

    // They outlive their platform, and the next one of its name does not count them.
    delete_the_platform(&harness).await;
    resource.spec.backup.as_mut().unwrap().schedule = Some("0 0 29 2 *".to_owned());
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    harness.wait_for("BackedUp", "Unknown", "NoBackupYet").await;
    let status = harness.get::<SocialPlatform>("demo").await.status.unwrap();
    assert_eq!(status.backups.and_then(|backups| backups.last_verified), None);
    for backup in &backups {
        let left = harness.get::<SocialPlatformBackup>(&backup.name_any()).await;
        assert_eq!((left.labels()["socialplatform.dev/platform-uid"].as_str(), left.owner_references().len()), (uid.as_str(), 0));
    }
}

/// Deletes the platform, and waits until its Jobs are gone.
async fn delete_the_platform(harness: &Harness) {
    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    eventually("its Jobs are gone", || async {
        let left = harness.api::<Job>().list(&ListParams::default()).await.unwrap().items.len();
        if left == 0 { Ok(()) } else { Err(format!("{left} Jobs")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_whose_platform_was_deleted_is_not_made_by_the_next_one_of_its_name() {
    let harness = Harness::prepare("next").await;
    let operator = harness.operate(harness.observed());
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.player.jobs(Jobs::Wait);
    // One that somebody asked for, and one of the schedule that has not begun.
    harness.create(&backup()).await;
    let began = eventually("one has begun", || async {
        let status = harness.get::<SocialPlatformBackup>(NAME).await.status.unwrap_or_default();
        status.started_at.clone().ok_or_else(|| format!("{status:?}"))
    })
    .await;
    let mut scheduled = backup();
    let uid = harness.get::<SocialPlatform>("demo").await.uid().unwrap();
    let labels = [("socialplatform.dev/scheduled", "true".to_owned()), ("socialplatform.dev/platform-uid", uid)];
    scheduled.metadata.name = Some("demo-scheduled-20260101t000000z".to_owned());
    scheduled.metadata.labels = Some(labels.map(|(label, value)| (label.to_owned(), value)).into());
    let scheduled = harness.create(&scheduled).await.name_any();
    // Nobody sees it go.
    operator.kill().await;
    delete_the_platform(&harness).await;

    // Times of Kubernetes are whole seconds.
    eventually("that second is over", || async {
        let now = jiff::Timestamp::now();
        if now.as_second() > began.0.as_second() { Ok(()) } else { Err(format!("it is {now}")) }
    })
    .await;
    harness.player.jobs(Jobs::Report(report()));
    harness.create(&external()).await;
    harness.operate(harness.observed()).detach();
    harness.wait_until_ready().await;
    for name in [NAME, &scheduled] {
        let status = in_phase(&harness, name, BackupPhase::Failed).await;
        assert_eq!(status.conditions[0].reason, "PlatformDeleted");
    }
    assert_eq!(jobs_of(&harness, "backup").await.len(), 0);
    // One that is asked for now is made.
    let mut another = backup();
    another.metadata.name = Some("another".to_owned());
    harness.create(&another).await;
    in_phase(&harness, "another", BackupPhase::Completed).await;
}

/// The example under another name.
fn named(name: &str) -> SocialPlatformBackup {
    let mut another = backup();
    another.metadata.name = Some(name.to_owned());
    another
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_platform_that_is_not_there_says_so_once_and_is_made_when_it_is() {
    let harness = Harness::start("missing").await;
    harness.player.jobs(Jobs::Report(report()));
    harness.create(&backup()).await;
    pending(&harness, NAME, "PlatformMissing").await;
    let status = harness.get::<SocialPlatformBackup>(NAME).await.status.unwrap();
    let told = format!("no SocialPlatform demo in namespace {}", harness.namespace);
    assert!(status.conditions[0].message.contains(&told), "{}", status.conditions[0].message);

    // All of them are gone through for each that comes.
    harness.create(&named("second")).await;
    pending(&harness, "second", "PlatformMissing").await;
    harness.requests.clear();
    harness.create(&named("third")).await;
    pending(&harness, "third", "PlatformMissing").await;
    let all = format!("/apis/socialplatform.dev/v1alpha1/namespaces/{}/socialplatformbackups", harness.namespace);
    assert_eq!(harness.requests.writes(), [format!("PATCH {all}/third/status")]);

    harness.create(&external()).await;
    for name in [NAME, "second", "third"] {
        in_phase(&harness, name, BackupPhase::Completed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_runs_when_its_platform_is_deleted_has_failed_and_one_that_waits_is_of_the_next() {
    let harness = Harness::start("gone").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.player.jobs(Jobs::Wait);
    harness.create(&backup()).await;
    in_phase(&harness, NAME, BackupPhase::Running).await;
    harness.create(&named("second")).await;
    pending(&harness, "second", "WaitingForAnother").await;

    delete_the_platform(&harness).await;
    let status = in_phase(&harness, NAME, BackupPhase::Failed).await;
    assert_eq!(status.conditions[0].reason, "PlatformDeleted");
    pending(&harness, "second", "PlatformMissing").await;

    harness.player.jobs(Jobs::Report(report()));
    harness.create(&external()).await;
    in_phase(&harness, "second", BackupPhase::Completed).await;
    in_phase(&harness, NAME, BackupPhase::Failed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_hears_of_the_end_of_a_platform_that_had_nothing_else() {
    let harness = Harness::start("bare").await;
    let mut unknown = external();
    unknown.spec.version = "9.9.9".to_owned();
    harness.create(&unknown).await;
    harness.create(&backup()).await;
    pending(&harness, NAME, "PlatformStalled").await;
    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    pending(&harness, NAME, "PlatformMissing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_whose_platform_went_while_no_operator_lived_has_failed() {
    let harness = Harness::prepare("unseen").await;
    harness.create(&backup()).await;
    let begun = Patch::Merge(json!({ "status": { "phase": "Running", "startedAt": "2026-11-29T02:00:00Z" } }));
    harness.api::<SocialPlatformBackup>().patch_status(NAME, &PatchParams::default(), &begun).await.unwrap();
    harness.operate(harness.observed()).detach();
    let status = in_phase(&harness, NAME, BackupPhase::Failed).await;
    assert_eq!(status.conditions[0].reason, "PlatformDeleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_without_a_platform_that_cannot_be_told_is_tried_once_a_second_at_most_while_others_change() {
    let harness = Harness::prepare("untold").await;
    let tries = Arc::new(Mutex::new(Vec::new()));
    let remembered = tries.clone();
    let refusals = Instead::new(move |request| {
        request.uri().path().ends_with(&format!("/{NAME}/status")).then(|| {
            remembered.lock().unwrap().push(Instant::now());
            refusal(500, "InternalError")
        })
    });
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&refusals).build()).detach();
    harness.create(&named("another")).await;
    harness.create(&backup()).await;
    let mut changes = 0;
    let tries = eventually("it is tried again and again", || {
        changes += 1;
        let change = json!({ "metadata": { "annotations": { "change": changes.to_string() } } });
        let (harness, tries) = (&harness, &tries);
        async move {
            harness.edit::<SocialPlatformBackup>("another", change).await;
            let tries = tries.lock().unwrap().clone();
            if tries.len() >= 4 { Ok(tries) } else { Err(format!("{tries:?}")) }
        }
    })
    .await;
    for pair in tries.windows(2) {
        let apart = pair[1].duration_since(pair[0]);
        assert!(apart >= Duration::from_secs(1), "the next try came {apart:?} after one that failed: {tries:?}");
    }
    // Nor did it wait for longer: a change may be what was missing. Seven seconds are the aim.
    assert!(tries[3].duration_since(tries[0]) < Duration::from_secs(70), "{tries:?}");
    pending(&harness, "another", "PlatformMissing").await;
}
