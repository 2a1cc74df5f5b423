//! A platform that begins with a backup of another.

use k8s_openapi::api::core::v1::Secret;
use kube::api::ObjectMeta;
use operator::crd::SocialPlatform;
use operator::example::restored;
use serde_json::json;

use crate::backups::jobs_of;
use crate::harness::{Harness, development, eventually};
use crate::player::Jobs;
use crate::record::Record;

/// What has to be there before a platform begins with a backup.
pub fn key_of_the_old_platform() -> Secret {
    let metadata = ObjectMeta { name: Some("demo-key-encryption".to_owned()), ..ObjectMeta::default() };
    let value = [("KEY_ENCRYPTION_KEY".to_owned(), "of the old platform".to_owned())];
    Secret { metadata, string_data: Some(value.into()), ..Secret::default() }
}

/// An operator, and a platform whose backup is being restored until the player says otherwise.
async fn restoring(test: &str) -> Harness {
    let harness = Harness::start(test).await;
    harness.player.jobs(Jobs::Wait);
    harness.create(&key_of_the_old_platform()).await;
    let mut resource = development();
    resource.spec.bootstrap = restored().spec.bootstrap;
    harness.create(&resource).await;
    harness.wait_for("BackupRestored", "False", "Restoring").await;
    harness
}

/// Waits until there are so many Jobs of a restore.
async fn restores(harness: &Harness, wanted: usize) {
    eventually(&format!("there are {wanted} restores"), || async {
        let found = jobs_of(harness, "restore").await.len();
        if found == wanted { Ok(()) } else { Err(format!("{found}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_begins_with_a_backup_is_migrated_after_it() {
    let harness = Harness::start("restored").await;
    harness.player.jobs(Jobs::Wait);
    let mut resource = development();
    resource.spec.bootstrap = restored().spec.bootstrap;
    harness.create(&resource).await;
    // No new key is made in place of the one under which the backup was written.
    harness.wait_for("SecretsResolved", "False", "SecretMissing").await;
    assert!(harness.api::<Secret>().get_opt("demo-key-encryption").await.unwrap().is_none());
    harness.create(&key_of_the_old_platform()).await;
    harness.wait_for("BackupRestored", "False", "Restoring").await;
    assert_eq!(jobs_of(&harness, "restore").await.len(), 1);
    assert_eq!(jobs_of(&harness, "migrate").await.len(), 0);

    harness.player.jobs(Jobs::Succeed);
    harness.wait_until_ready().await;
    harness.wait_for("BackupRestored", "True", "Restored").await;
    // What only the restore needed goes.
    restores(&harness, 0).await;
    assert!(harness.api::<Secret>().get_opt("demo-backups").await.unwrap().is_some(), "what others wrote stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_runs_is_the_only_one_whatever_changes_meanwhile() {
    let harness = restoring("restored-once").await;
    let record = Record::of(&harness, &["restore"]);
    eventually("the record has begun", || async { if record.count() == 0 { Err("it has not".to_owned()) } else { Ok(()) } }).await;
    harness.edit::<Secret>("demo-backups", json!({"stringData": {"AWS_SECRET_ACCESS_KEY": "another"}})).await;
    for change in [
        json!({"version": "2.0.0"}),
        json!({"image": "example.org/social-platform:another"}),
        json!({"imagePullPolicy": "Always"}),
        json!({"database": {"maxConnections": 300}}),
    ] {
        harness.edit::<SocialPlatform>("demo", json!({"spec": change})).await;
        // Of this generation: it was looked at.
        harness.wait_for("BackupRestored", "False", "Restoring").await;
    }
    assert_eq!(jobs_of(&harness, "restore").await.len(), 1);
    assert_eq!(jobs_of(&harness, "migrate").await.len(), 0);

    harness.player.jobs(Jobs::Succeed);
    harness.wait_until_ready().await;
    harness.wait_for("BackupRestored", "True", "Restored").await;
    restores(&harness, 0).await;
    assert_eq!(record.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_a_platform_falls_asleep_over_begins_again_when_it_wakes() {
    let harness = restoring("restored-later").await;
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"hibernated": true}}})).await;
    harness.wait_for("Ready", "True", "Hibernated").await;
    restores(&harness, 0).await;

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"hibernated": false}}})).await;
    restores(&harness, 1).await;
    harness.player.jobs(Jobs::Succeed);
    harness.wait_until_ready().await;
    harness.wait_for("BackupRestored", "True", "Restored").await;
}
