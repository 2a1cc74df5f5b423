//! A cluster that does not say for a while what it knows.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::future;
use http::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use kube::client::{Body, ClientBuilder};
use operator::crd::{SocialPlatform, Switch};
use operator::resources::monitoring::{PrometheusRule, ServiceMonitor};
use tower::{BoxError, Layer, Service};

use crate::faults::{Answer, refusal};
use crate::harness::{Harness, eventually, external};

/// Where the cluster says which kinds of the Prometheus operator it knows.
const KINDS: &str = "/apis/monitoring.coreos.com/v1";

/// Fails the second of all questions after these kinds: one of the two is known at once, and the other is not.
#[derive(Clone, Default)]
struct Silence(Arc<AtomicUsize>);

impl<S> Layer<S> for Silence {
    type Service = Silent<S>;

    fn layer(&self, inner: S) -> Silent<S> {
        Silent { inner, silence: self.clone() }
    }
}

struct Silent<S> {
    inner: S,
    silence: Silence,
}

impl<S> Service<Request<Body>> for Silent<S>
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
        let is_asked = request.uri().path() == KINDS;
        match is_asked && self.silence.0.fetch_add(1, Ordering::SeqCst) == 1 {
            true => Box::pin(future::ready(Ok(refusal(503, "ServiceUnavailable")))),
            false => Box::pin(self.inner.call(request)),
        }
    }
}

/// What there is of alerts and of ServiceMonitors, and what the platform says of them.
async fn monitored(harness: &Harness) -> (Option<String>, Option<String>, Option<Condition>) {
    let rule: PrometheusRule = harness.get("demo-alerts").await;
    let monitor: ServiceMonitor = harness.get("demo-metrics").await;
    let platform: SocialPlatform = harness.get("demo").await;
    let conditions = platform.status.unwrap_or_default().conditions;
    (rule.uid(), monitor.uid(), conditions.into_iter().find(|condition| condition.type_ == "Monitored"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cluster_does_not_say_for_a_while_is_not_taken_for_missing() {
    let harness = Harness::prepare("silent").await;
    let first = harness.operate(harness.observed());
    let mut resource = external();
    let observability = resource.spec.observability.as_mut().unwrap();
    observability.otlp_endpoint = None;
    (observability.alerts, observability.service_monitors) = (Some(Switch::Enabled), Some(Switch::Enabled));
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    harness.wait_for("Monitored", "True", "Applied").await;
    let before = monitored(&harness).await;
    first.kill().await;

    harness.requests.clear();
    let silence = Silence::default();
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&silence).with_layer(&harness.requests).build();
    harness.operate(client).detach();
    // Each reconcile reads the Secret that someone else writes: so they can be counted.
    eventually("some reconciles", || async {
        let seen = harness.requests.reads_of("/secrets/demo-pg-app");
        if seen >= 6 { Ok(()) } else { Err(format!("{seen}")) }
    })
    .await;
    assert_eq!(silence.0.load(Ordering::SeqCst), 3, "what was not answered is asked once more");
    let deleted: Vec<_> = harness.requests.writes().into_iter().filter(|write| write.starts_with("DELETE")).collect();
    assert_eq!(deleted, [""; 0]);
    assert_eq!(monitored(&harness).await, before);
}
