//! A backup that another version has written in a way that this one cannot read.

use kube::api::{Patch, PatchParams};
use operator::backups::StoredBackup;
use operator::crd::{BackupPhase, SocialPlatformBackup};
use operator::example::backup;
use serde_json::{Value, json};

use crate::backups::{NAME, in_phase, report};
use crate::harness::{Harness, eventually, external};
use crate::player::Jobs;

/// The backup that cannot be read.
const STRANGE: &str = "of-the-next-version";

/// Writes into the status of the strange one, as another version would.
async fn write(harness: &Harness, status: Value) {
    let patch = Patch::Merge(json!({ "status": status }));
    harness.api::<StoredBackup>().patch_status(STRANGE, &PatchParams::default(), &patch).await.unwrap();
}

/// Waits until something is true of the strange one.
async fn strange(harness: &Harness, what: &str, holds: impl Fn(&StoredBackup) -> bool) {
    eventually(what, || async {
        let stored: StoredBackup = harness.get(STRANGE).await;
        if holds(&stored) { Ok(()) } else { Err(format!("{stored:?}")) }
    })
    .await;
}

/// Waits for some reconciles, and forgets what was asked for before. Each reads the Secret that someone else writes: so they can be
/// counted.
async fn reconciled(harness: &Harness) {
    harness.requests.clear();
    eventually("some reconciles", || async {
        let seen = harness.requests.reads_of("/secrets/demo-pg-app");
        if seen >= 4 { Ok(()) } else { Err(format!("{seen}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_cannot_be_read_is_told_of_and_holds_up_nothing_else() {
    let harness = Harness::prepare("unreadable").await;
    harness.player.jobs(Jobs::Report(report()));
    let mut of_the_next_version = backup();
    of_the_next_version.metadata.name = Some(STRANGE.to_owned());
    harness.create(&of_the_next_version).await;
    // A time that the definition lets in, and that no clock shows.
    write(&harness, json!({ "startedAt": "2026-11-29T02:00:00+99:99" })).await;
    strange(&harness, "it cannot be read", |stored| stored.unreadable().is_some()).await;

    // From here on the operator lists it and watches it.
    harness.operate(harness.observed()).detach();
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.create(&backup()).await;
    in_phase(&harness, NAME, BackupPhase::Completed).await;
    strange(&harness, "it is told of", |stored| stored.unreadable().is_some_and(|backup| backup.told == Some(backup.message()))).await;

    // It is told of once, and then the operator has seen that it is.
    reconciled(&harness).await;
    reconciled(&harness).await;
    let about_it: Vec<_> = harness.requests.writes().into_iter().filter(|write| write.contains(STRANGE)).collect();
    assert_eq!(about_it, [""; 0]);

    // Once it can be read, it is a backup like any other.
    write(&harness, json!({ "startedAt": null })).await;
    let status = in_phase(&harness, STRANGE, BackupPhase::Completed).await;
    assert!(status.verified == Some(true) && status.started_at.is_some());
    eventually("nothing more is said against it", || async {
        let conditions = harness.get::<SocialPlatformBackup>(STRANGE).await.status.unwrap().conditions;
        let types: Vec<_> = conditions.into_iter().map(|condition| condition.type_).collect();
        if types == ["Complete"] { Ok(()) } else { Err(format!("{types:?}")) }
    })
    .await;
}
