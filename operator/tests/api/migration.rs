//! The migration stands before the services.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use kube::api::{DeleteParams, ListParams};
use kube::{Resource, ResourceExt};
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::harness::{Harness, development, external};
use crate::player::Jobs;

async fn images(harness: &Harness) -> Vec<String> {
    let services = ["auth", "photo", "relation", "social"];
    let mut images = Vec::new();
    for service in services {
        let deployment: Deployment = harness.get(&format!("demo-{service}")).await;
        let pod = deployment.spec.unwrap().template.spec.unwrap();
        images.push(pod.containers[0].image.clone().unwrap());
    }
    images.dedup();
    images
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_migration_leaves_the_release_before_as_it_is() {
    let harness = Harness::start("failed").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;

    harness.player.jobs(Jobs::Fail("RolesMissing: run this as a superuser: create role social_auth".to_owned()));
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "2.0.0"}})).await;
    let platform = harness.wait_for("DatabaseMigrated", "False", "RolesMissing").await;
    let status = platform.status.unwrap();
    let told = status.conditions.iter().find(|condition| condition.type_ == "DatabaseMigrated").unwrap();
    assert!(told.message.contains("create role social_auth"), "{}", told.message);
    assert_eq!(images(&harness).await, ["example.org/social-platform:1.0.0"]);
    assert_eq!((status.version.as_deref(), status.target_version.as_deref()), (Some("1.0.0"), Some("2.0.0")));

    // Another attempt follows by itself.
    harness.player.jobs(Jobs::Succeed);
    let platform = harness.wait_until_ready().await;
    assert_eq!(images(&harness).await, ["example.org/social-platform:2.0.0"]);
    let status = platform.status.unwrap();
    assert_eq!((status.version.as_deref(), status.target_version), (Some("2.0.0"), None));

    // The Job of the release before stays for one release more; the failed attempt does not.
    let jobs = harness.api::<Job>().list(&Default::default()).await.unwrap();
    let mut versions: Vec<_> = jobs.iter().map(|job| job.metadata.labels.clone().unwrap()["app.kubernetes.io/version"].clone()).collect();
    versions.sort();
    assert_eq!(versions, ["1.0.0", "2.0.0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_service_is_made_before_the_first_migration_is_through() {
    let harness = Harness::start("gate").await;
    harness.player.jobs(Jobs::Fail("no way to the database".to_owned()));
    harness.create(&development()).await;
    harness.wait_for("Ready", "False", "MigrationFailed").await;
    let deployments = harness.api::<Deployment>().list(&Default::default()).await.unwrap();
    let mut names: Vec<_> = deployments.iter().filter_map(|it| it.metadata.name.clone()).collect();
    names.sort();
    assert_eq!(names, ["demo-postgres", "demo-s3"]);
}

/// The migration Job of a release, and whether it takes a database that a newer one has migrated.
async fn job(harness: &Harness, version: &str) -> (Job, bool) {
    let params = ListParams::default().labels(&format!("app.kubernetes.io/component=migrate,app.kubernetes.io/version={version}"));
    let jobs = harness.api::<Job>().list(&params).await.unwrap().items;
    let [job]: [Job; 1] = jobs.try_into().expect("there is one");
    let pod = job.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
    let variables = pod.containers[0].env.iter().flatten();
    let accepts = variables.filter(|it| it.name == "NEWER_SCHEMA").any(|it| it.value.as_deref() == Some("Accepted"));
    (job, accepts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_never_came_to_serve_can_be_taken_back() {
    let harness = Harness::start("taken-back").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    let (first, accepts) = job(&harness, "1.0.0").await;
    assert!(!accepts, "the database may be of any release");

    harness.player.new_pods_serve(false);
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "2.0.0"}})).await;
    let status = harness.wait_for("DatabaseMigrated", "True", "Migrated").await.status.unwrap();
    assert_eq!((status.version.as_deref(), status.migration.unwrap().version.as_str()), (Some("1.0.0"), "2.0.0"));

    // Of the first migration only the database knows.
    harness.api::<Job>().delete(&first.name_any(), &DeleteParams::background()).await.unwrap();
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "1.0.0"}})).await;
    let status = harness.wait_until_ready().await.status.unwrap();
    assert_eq!((status.version.as_deref(), status.target_version), (Some("1.0.0"), None));
    let (second, accepts) = job(&harness, "1.0.0").await;
    assert_ne!(first.meta().uid, second.meta().uid);
    assert!(accepts, "the database is of a newer release, as the operator knows");
}
