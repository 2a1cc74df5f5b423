//! A cluster that measures requests, or says so.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use kube::client::{Body, ClientBuilder, DynBody};
use operator::crd::SocialPlatform;
use serde_json::json;
use tower::{BoxError, Layer, Service};

use crate::harness::{Harness, development};

/// Answers that the cluster has the APIs of metrics. One operator alone hears so: others would scale otherwise, too.
struct Measured;

impl<S> Layer<S> for Measured {
    type Service = Measuring<S>;

    fn layer(&self, inner: S) -> Measuring<S> {
        Measuring { inner }
    }
}

struct Measuring<S> {
    inner: S,
}

type Answer = Response<Box<DynBody>>;

impl<S> Service<Request<Body>> for Measuring<S>
where
    S: Service<Request<Body>, Response = Answer, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path() == "/apis" {
            return Box::pin(std::future::ready(Ok(groups())));
        }
        Box::pin(self.inner.call(request))
    }
}

fn groups() -> Answer {
    let group = |name: &str| json!({ "name": name, "versions": [{ "groupVersion": format!("{name}/v1beta1"), "version": "v1beta1" }] });
    let groups = ["metrics.k8s.io", "custom.metrics.k8s.io"].map(group);
    let list = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups });
    let body = Full::new(Bytes::from(list.to_string())).map_err(|never: Infallible| -> BoxError { match never {} });
    Response::builder().header("content-type", "application/json").body(Box::new(body) as Box<DynBody>).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_that_gets_no_metrics_is_told_of() {
    let harness = Harness::prepare("measured").await;
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&Measured).build()).detach();
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
