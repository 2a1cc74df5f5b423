//! A cluster that measures requests, or says so.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use kube::client::ClientBuilder;
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::harness::{Harness, development};
use crate::instead::{Answer, Instead, answer};

/// The APIs of metrics, among others.
fn groups() -> Answer {
    let group = |name: &str| json!({ "name": name, "versions": [{ "groupVersion": format!("{name}/v1beta1"), "version": "v1beta1" }] });
    let groups = ["metrics.k8s.io", "custom.metrics.k8s.io"].map(group);
    let list = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups });
    answer(200, &list)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_that_gets_no_metrics_is_told_of() {
    let harness = Harness::prepare("measured").await;
    // One operator alone hears that the cluster has the APIs: others would scale otherwise, too.
    let measured = Instead::new(|request| (request.uri().path() == "/apis").then(groups));
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&measured).build()).detach();
    let mut resource = serde_json::to_value(development()).unwrap();
    let autoscaling = json!({ "minReplicas": 1, "maxReplicas": 3, "requestsPerSecond": 50 });
    resource["spec"]["components"] = json!({ "social": { "autoscaling": autoscaling } });
    harness.create(&serde_json::from_value::<SocialPlatform>(resource).unwrap()).await;
    harness.wait_until_ready().await;
    let metrics = harness.get::<HorizontalPodAutoscaler>("demo-social").await.spec.unwrap().metrics.unwrap();
    let requests = metrics[0].pods.as_ref().unwrap();
    assert_eq!((metrics.len(), requests.metric.name.as_str()), (1, "http_server_requests_per_second"));

    // The API is there, and nobody serves the metric; the cluster's own autoscaler comes to say the same.
    let condition = json!({
        "type": "ScalingActive", "status": "False", "reason": "FailedGetPodsMetric", "message": "no metrics returned",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let status = Patch::Merge(json!({ "status": { "desiredReplicas": 1, "conditions": [condition] } }));
    let autoscalers = harness.api::<HorizontalPodAutoscaler>();
    autoscalers.patch_status("demo-social", &PatchParams::default(), &status).await.unwrap();
    harness.wait_for("Autoscaling", "False", "MetricsUnavailable").await;
    harness.wait_until_ready().await;
}
