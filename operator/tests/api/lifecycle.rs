//! A platform that is paused, asleep, or asked to go back.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::harness::{Harness, development, eventually};

async fn edit(harness: &Harness, spec: serde_json::Value) {
    harness.edit::<SocialPlatform>("demo", json!({ "spec": spec })).await;
}

async fn replicas(harness: &Harness) -> Vec<i32> {
    let deployments = harness.api::<Deployment>().list(&Default::default()).await.unwrap();
    deployments.iter().map(|it| it.spec.as_ref().unwrap().replicas.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_changed_while_a_platform_is_paused() {
    let harness = Harness::start("paused").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    edit(&harness, json!({"lifecycle": {"paused": true}})).await;
    harness.wait_for("Paused", "True", "Requested").await;

    harness.requests.clear();
    harness.edit::<Deployment>("demo-auth", json!({"spec": {"replicas": 3}})).await;
    edit(&harness, json!({"version": "2.0.0"})).await;
    // The status follows the pods and the generation, and nothing else is written.
    harness.wait_for("Paused", "True", "Requested").await;
    harness.wait_until_ready().await;
    assert_eq!(harness.get::<Deployment>("demo-auth").await.spec.unwrap().replicas, Some(3));
    let writes = harness.requests.writes();
    assert!(writes.iter().all(|it| it.contains("/status") || it.contains("/events")), "{writes:#?}");

    edit(&harness, json!({"lifecycle": {"paused": false}})).await;
    eventually("the new version runs, with one pod", || async {
        let platform = harness.wait_until_ready().await;
        let auth: Deployment = harness.get("demo-auth").await;
        let version = platform.status.unwrap().version;
        let replicas = auth.spec.unwrap().replicas;
        if (version.as_deref(), replicas) == (Some("2.0.0"), Some(1)) { Ok(()) } else { Err(format!("{version:?}, {replicas:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_sleeps_without_pods_and_wakes_with_its_least_number() {
    let harness = Harness::start("asleep").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    edit(&harness, json!({"components": {"social": {"autoscaling": {"minReplicas": 2, "maxReplicas": 4}}}})).await;
    harness.wait_until_ready().await;

    edit(&harness, json!({"lifecycle": {"hibernated": true}})).await;
    harness.wait_for("Ready", "True", "Hibernated").await;
    assert_eq!(replicas(&harness).await, [0; 6]);
    assert!(harness.api::<HorizontalPodAutoscaler>().list(&Default::default()).await.unwrap().items.is_empty());

    edit(&harness, json!({"lifecycle": {"hibernated": false}})).await;
    harness.wait_until_ready().await;
    let mut replicas = replicas(&harness).await;
    replicas.sort_unstable();
    assert_eq!(replicas, [1, 1, 1, 1, 1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_below_the_one_that_runs_is_refused_and_nothing_stops() {
    let harness = Harness::start("downgrade").await;
    let mut resource = development();
    resource.spec.version = "2.0.0".to_owned();
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    edit(&harness, json!({"version": "1.0.0"})).await;
    let platform = harness.wait_for("Stalled", "True", "DowngradeRefused").await;
    assert_eq!(platform.status.unwrap().version.as_deref(), Some("2.0.0"));
    assert_eq!(replicas(&harness).await, [1; 6]);
    edit(&harness, json!({"version": "2.1.0"})).await;
    harness.wait_until_ready().await;
}
