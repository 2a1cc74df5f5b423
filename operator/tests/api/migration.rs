//! The migration stands before the services.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::harness::{Harness, development};
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
