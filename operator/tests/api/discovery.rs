//! A cluster that does not say for a while what it knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use kube::client::ClientBuilder;
use operator::controller;
use operator::crd::{SocialPlatform, Switch};
use operator::resources::monitoring::{PrometheusRule, ServiceMonitor};
use tokio::sync::{oneshot, watch};

use crate::faults::refusal;
use crate::harness::{Harness, eventually, external};
use crate::instead::Instead;

/// Where the cluster says which kinds of the Prometheus operator it knows.
const KINDS: &str = "/apis/monitoring.coreos.com/v1";

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
    // The second of all questions after these kinds fails: one of the two is known at once, and the other is not.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let silence = Instead::new(move |request| {
        let is_asked = request.uri().path() == KINDS;
        (is_asked && counted.fetch_add(1, Ordering::SeqCst) == 1).then(|| refusal(503, "ServiceUnavailable"))
    });
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&silence).with_layer(&harness.requests).build();
    harness.operate(client).detach();
    // Each reconcile reads the Secret that someone else writes: so they can be counted.
    eventually("some reconciles", || async {
        let seen = harness.requests.reads_of("/secrets/demo-pg-app");
        if seen >= 6 { Ok(()) } else { Err(format!("{seen}")) }
    })
    .await;
    assert_eq!(asked.load(Ordering::SeqCst), 3, "what was not answered is asked once more");
    let deleted: Vec<_> = harness.requests.writes().into_iter().filter(|write| write.starts_with("DELETE")).collect();
    assert_eq!(deleted, [""; 0]);
    assert_eq!(monitored(&harness).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_is_refused_a_list_ends_when_it_is_asked_to() {
    let harness = Harness::prepare("unlisted").await;
    harness.create(&external()).await;
    let refused = Instead::new(|request| request.uri().path().ends_with("/configmaps").then(|| refusal(403, "Forbidden")));
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&refused).with_layer(&harness.requests).build();
    let (ready, is_ready) = watch::channel(false);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(controller::run(client, harness.options(), ready, async move { _ = stopped.await }));
    eventually("the others are listed", || async {
        let seen = harness.requests.reads_of("/deployments");
        if seen >= 1 { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(60), running).await.expect("it waits for no list").unwrap();
    assert!(!*is_ready.borrow());
    assert_eq!(harness.requests.writes(), [""; 0]);
}
