//! New pods that do not come to serve.

use k8s_openapi::api::apps::v1::Deployment;
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::harness::{Harness, external};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_that_goes_nowhere_is_stalled_until_its_pods_serve() {
    let harness = Harness::start("stuck").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    // Ten minutes, unless somebody says otherwise.
    harness.edit::<Deployment>("demo-auth", json!({"spec": {"progressDeadlineSeconds": 2}})).await;

    harness.player.new_pods_serve(false);
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "2.0.0"}})).await;
    let platform = harness.wait_for("Stalled", "True", "RolloutStuck").await;
    let status = platform.status.unwrap();
    assert_eq!((status.version.as_deref(), status.target_version.as_deref()), (Some("1.0.0"), Some("2.0.0")));
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "RolloutStuck"));
    // The pods of the release before serve, and do not count.
    assert!(ready.message.contains("Deployment demo-auth: ") && ready.message.contains("demo-auth has 0 of 2"), "{}", ready.message);
    assert!(!status.conditions.iter().any(|condition| condition.type_ == "Reconciling"), "{:?}", status.conditions);

    harness.player.new_pods_serve(true);
    let status = harness.wait_until_ready().await.status.unwrap();
    assert_eq!(status.version.as_deref(), Some("2.0.0"));
    assert!(!status.conditions.iter().any(|condition| condition.type_ == "Stalled"), "{:?}", status.conditions);
}
