//! The migration stands before the services.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::api::{DeleteParams, ListParams};
use kube::{Resource, ResourceExt};
use operator::crd::{MigrationPolicy, MigrationsSpec, SocialPlatform};
use serde_json::json;

use crate::harness::{Harness, development, eventually, external, message};
use crate::player::Jobs;

/// What runs the platform's own image: the services, and the S3 store.
const OF_THE_RELEASE: [&str; 5] = ["auth", "photo", "relation", "s3", "social"];

async fn images(harness: &Harness) -> Vec<String> {
    let mut images = Vec::new();
    for component in OF_THE_RELEASE {
        let deployment: Deployment = harness.get(&format!("demo-{component}")).await;
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

async fn approve(harness: &Harness, version: &str) {
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"database": {"migrations": {"approvedVersion": version}}}})).await;
}

/// The generation of each of their Deployments, which a change of its spec raises.
async fn generations(harness: &Harness) -> Vec<Option<i64>> {
    let mut generations = Vec::new();
    for component in OF_THE_RELEASE {
        generations.push(harness.get::<Deployment>(&format!("demo-{component}")).await.metadata.generation);
    }
    generations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_waits_for_approval_and_what_runs_runs_on() {
    let harness = Harness::start("approval").await;
    let mut resource = development();
    resource.spec.database.migrations = Some(MigrationsSpec { policy: Some(MigrationPolicy::Manual), ..MigrationsSpec::default() });
    harness.create(&resource).await;
    let status = harness.wait_for("DatabaseMigrated", "False", "AwaitingApproval").await.status.unwrap();
    let told = status.conditions.iter().find(|condition| condition.type_ == "DatabaseMigrated").unwrap();
    assert!(told.message.contains("set spec.database.migrations.approvedVersion to 1.0.0"), "{}", told.message);
    let is_either = |type_: &str| type_ == "Reconciling" || type_ == "Stalled";
    assert!(!status.conditions.iter().any(|condition| is_either(&condition.type_)), "{:?}", status.conditions);
    assert!(harness.api::<Job>().list(&Default::default()).await.unwrap().items.is_empty());
    approve(&harness, "1.0.0").await;
    let first = harness.wait_until_ready().await.status.unwrap();
    let before = generations(&harness).await;

    // Whatever else changes with it.
    let next = json!({"spec": {"version": "2.0.0", "components": {"auth": {"replicas": 2}}}});
    harness.edit::<SocialPlatform>("demo", next).await;
    harness.wait_for("DatabaseMigrated", "False", "AwaitingApproval").await;
    approve(&harness, "2.1.0").await;
    let status = harness.wait_for("Ready", "False", "AwaitingApproval").await.status.unwrap();
    assert_eq!((status.version.as_deref(), status.target_version.as_deref()), (Some("1.0.0"), Some("2.0.0")));
    assert_eq!(status.migration, first.migration);
    assert_eq!(generations(&harness).await, before);
    assert_eq!(images(&harness).await, ["example.org/social-platform:1.0.0"]);

    // The way to it is made again.
    harness.api::<Ingress>().delete("demo", &DeleteParams::background()).await.unwrap();
    eventually("the Ingress is there again", || async {
        let ingress = harness.api::<Ingress>().get_opt("demo").await.unwrap();
        ingress.filter(|ingress| ingress.metadata.deletion_timestamp.is_none()).map(drop).ok_or("it is gone".to_owned())
    })
    .await;
    assert_eq!(generations(&harness).await, before);

    // What has gone is of the release before, and the next one waits.
    harness.api::<Deployment>().delete("demo-auth", &DeleteParams::background()).await.unwrap();
    let platform = harness.wait_for("Stalled", "True", "ServicesMissing").await;
    assert!(message(&platform, "Ready").contains("no pod runs of demo-auth, and"), "{}", message(&platform, "Ready"));

    approve(&harness, "2.0.0").await;
    let second = harness.wait_until_ready().await.status.unwrap();
    assert_eq!((second.version.as_deref(), second.target_version), (Some("2.0.0"), None));
    assert_eq!(images(&harness).await, ["example.org/social-platform:2.0.0"]);

    // Another migration to the same release asks nobody again.
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"scheduling": {"nodeSelector": {"disk": "fast"}}}})).await;
    let third = harness.wait_until_ready().await.status.unwrap();
    assert_ne!(third.migration.unwrap().job, second.migration.unwrap().job);

    eventually("it is told, as nothing to worry about", || async {
        let events = harness.api::<Event>().list(&Default::default()).await.unwrap();
        let told: Vec<_> = events.iter().filter(|event| event.reason.as_deref() == Some("AwaitingApproval")).collect();
        let is_told = told.iter().any(|event| event.action.as_deref() == Some("DatabaseMigrated"));
        let are_normal = told.iter().all(|event| event.type_.as_deref() == Some("Normal"));
        if is_told && are_normal { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
}

/// A platform whose first migration is tried once, and fails.
async fn given_up(test: &str) -> Harness {
    let harness = Harness::start(test).await;
    harness.player.jobs(Jobs::Fail("no way to the database".to_owned()));
    let mut resource = development();
    resource.spec.database.migrations = Some(MigrationsSpec { backoff_limit: Some(0), ..MigrationsSpec::default() });
    harness.create(&resource).await;
    let conditions = harness.wait_for("Stalled", "True", "MigrationFailed").await.status.unwrap().conditions;
    let told = conditions.iter().find(|condition| condition.type_ == "DatabaseMigrated").unwrap();
    assert!(told.message.contains("it is not tried again: 1 attempt failed"), "{}", told.message);
    assert!(!conditions.iter().any(|condition| condition.type_ == "Reconciling"), "{conditions:?}");
    harness.player.jobs(Jobs::Succeed);
    harness
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_failed_as_often_as_allowed_is_tried_again_when_the_limit_is_raised() {
    let harness = given_up("raised").await;
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"database": {"migrations": {"backoffLimit": 1}}}})).await;
    let status = harness.wait_until_ready().await.status.unwrap();
    assert!(!status.conditions.iter().any(|condition| condition.type_ == "Stalled"), "{:?}", status.conditions);
    let job = status.migration.unwrap().job;
    assert!(job.ends_with("-2"), "the second attempt: {job}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_failed_as_often_as_allowed_begins_anew_when_its_job_is_deleted() {
    let harness = given_up("begun-anew").await;
    let (failed, _) = job(&harness, "1.0.0").await;
    harness.api::<Job>().delete(&failed.name_any(), &DeleteParams::background()).await.unwrap();
    let status = harness.wait_until_ready().await.status.unwrap();
    assert_eq!(status.migration.unwrap().job, failed.name_any());
}

/// What photo's pods are made of.
async fn photo(harness: &Harness) -> PodTemplateSpec {
    harness.get::<Deployment>("demo-photo").await.spec.unwrap().template
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_used_is_told_before_a_service_is_made_or_changed_for_it() {
    let harness = Harness::start("store").await;
    let bucket = |name: &str| json!({"spec": {"objectStore": {"external": {"bucket": name}}}});
    let sentence = "the object store at https://s3.example.org does not keep what is put into bucket no-photos";
    harness.player.jobs(Jobs::Fail(format!("ObjectStoreRefuses: {sentence}")));
    let mut resource = external();
    resource.spec.object_store.external.as_mut().unwrap().bucket = "no-photos".to_owned();
    harness.create(&resource).await;
    let platform = harness.wait_for("ObjectStoreReachable", "False", "ObjectStoreRefuses").await;
    assert_eq!(message(&platform, "ObjectStoreReachable"), sentence);
    harness.wait_for("DatabaseMigrated", "False", "ObjectStoreRefuses").await;
    harness.wait_for("Ready", "False", "ObjectStoreRefuses").await;
    let made = harness.api::<Deployment>().list(&Default::default()).await.unwrap();
    assert_eq!(made.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), [""; 0]);
    eventually("a warning tells it", || async {
        let events = harness.api::<Event>().list(&Default::default()).await.unwrap();
        let of_store = events.items.into_iter().find(|event| event.action.as_deref() == Some("ObjectStoreReachable"));
        let told = of_store.map(|event| [event.type_, event.reason, event.note]);
        let expected = ["Warning", "ObjectStoreRefuses", sentence].map(|text| Some(text.to_owned()));
        if told.as_ref() == Some(&expected) { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;

    // The right one is tried at once, and not when another attempt at the wrong one is due.
    harness.player.jobs(Jobs::Succeed);
    harness.edit::<SocialPlatform>("demo", bucket("demo-photos")).await;
    harness.wait_until_ready().await;
    harness.wait_for("ObjectStoreReachable", "True", "Answered").await;

    let before = photo(&harness).await;
    harness.player.jobs(Jobs::Fail("ObjectStoreUnreachable: nobody listens there".to_owned()));
    harness.edit::<SocialPlatform>("demo", bucket("other-photos")).await;
    harness.wait_for("ObjectStoreReachable", "False", "ObjectStoreUnreachable").await;
    assert_eq!(photo(&harness).await, before, "what serves goes on with the store that it has");

    // What was tried before is not waited for.
    harness.player.jobs(Jobs::Wait);
    harness.edit::<SocialPlatform>("demo", bucket("demo-photos")).await;
    harness.wait_for("ObjectStoreReachable", "True", "Answered").await;
    harness.wait_until_ready().await;
    assert_eq!(photo(&harness).await, before);
}

/// The ports at which photo's pods may call anybody.
async fn ports_of_photo(harness: &Harness) -> BTreeSet<i64> {
    let policy = serde_json::to_value(harness.get::<NetworkPolicy>("demo-photo").await).unwrap();
    let rules = policy["spec"]["egress"].as_array().cloned().unwrap_or_default();
    let ports = rules.iter().flat_map(|rule| rule["ports"].as_array().cloned().unwrap_or_default());
    ports.filter_map(|port| port["port"].as_i64()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_serves_reaches_its_store_until_it_has_another() {
    let harness = Harness::start("reaches").await;
    let store = |port: u16| json!({"spec": {"objectStore": {"external": {"endpoint": format!("https://s3.example.org:{port}")}}}});
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.edit::<SocialPlatform>("demo", store(9001)).await;
    harness.wait_until_ready().await;

    harness.player.jobs(Jobs::Fail("ObjectStoreUnreachable: nobody listens there".to_owned()));
    harness.edit::<SocialPlatform>("demo", store(9002)).await;
    harness.wait_for("ObjectStoreReachable", "False", "ObjectStoreUnreachable").await;
    let waiting = ports_of_photo(&harness).await;
    assert!(waiting.is_superset(&[9001, 9002].into()), "{waiting:?}");

    harness.player.jobs(Jobs::Succeed);
    harness.wait_for("ObjectStoreReachable", "True", "Answered").await;
    harness.wait_until_ready().await;
    eventually("photo reaches the new store only", || async {
        let ports = ports_of_photo(&harness).await;
        if ports.contains(&9002) && !ports.contains(&9001) { Ok(()) } else { Err(format!("{ports:?}")) }
    })
    .await;
}
