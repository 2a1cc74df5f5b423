//! What the API server refuses is told, and holds up no more than it has to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::Method;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::api::DeleteParams;
use kube::client::ClientBuilder;
use operator::crd::{SocialPlatform, Switch};
use operator::resources::monitoring::PrometheusRule;
use serde_json::json;

use crate::events::ready_is_told;
use crate::faults::refusal;
use crate::harness::{Harness, development, eventually, external, message};
use crate::instead::{Instead, silence};

/// Answers with `status`, as long as the test wants it, whatever would be written at paths that end with `path`.
fn refusing(path: &'static str, status: u16) -> (Arc<AtomicBool>, Instead) {
    let refuses = Arc::new(AtomicBool::new(true));
    let asked = refuses.clone();
    let instead = Instead::new(move |request| {
        let is_it = request.method() != Method::GET && request.uri().path().ends_with(path);
        (is_it && asked.load(Ordering::SeqCst)).then(|| refusal(status, "BadRequest"))
    });
    (refuses, instead)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_of_somebody_else_is_left_as_it_is_and_told() {
    let harness = Harness::prepare("foreign").await;
    let backend = json!({ "service": { "name": "shop", "port": { "number": 80 } } });
    let theirs =
        json!({ "metadata": { "name": "demo" }, "spec": { "defaultBackend": backend, "rules": [{ "host": "shop.example.org" }] } });
    let theirs: Ingress = harness.create(&serde_json::from_value(theirs).unwrap()).await;

    harness.operate(harness.observed()).detach();
    harness.create(&development()).await;
    let platform = harness.wait_for("Stalled", "True", "ApplyRefused").await;
    let told = message(&platform, "Ready");
    assert!(told.contains("Ingress demo") && told.contains("somebody else has made it"), "{told}");
    assert_eq!(harness.get::<Ingress>("demo").await.spec, theirs.spec);

    harness.api::<Ingress>().delete("demo", &DeleteParams::default()).await.unwrap();
    harness.wait_until_ready().await;
    assert_ne!(harness.get::<Ingress>("demo").await.uid(), theirs.uid());
}

/// It says nothing that we would say otherwise, so that the API server would have let us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_somebody_else_is_left_as_it_is_though_nothing_in_it_conflicts() {
    let harness = Harness::prepare("account").await;
    let account: ServiceAccount = serde_json::from_value(json!({ "metadata": { "name": "demo-social" } })).unwrap();
    let theirs = harness.create(&account).await;
    harness.operate(harness.observed()).detach();
    harness.create(&development()).await;
    let platform = harness.wait_for("Stalled", "True", "ApplyRefused").await;
    let told = message(&platform, "Ready");
    assert!(told.contains("ServiceAccount demo-social") && told.contains("somebody else has made it"), "{told}");
    let left = harness.get::<ServiceAccount>("demo-social").await;
    assert_eq!((left.metadata.resource_version, left.metadata.owner_references), (theirs.metadata.resource_version, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_webhook_denies_without_a_word_is_told_and_made_once_it_may_be() {
    let harness = Harness::prepare("denied").await;
    let (refuses, instead) = refusing("/deployments/demo-social", 400);
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&instead).build()).detach();
    harness.create(&development()).await;
    let platform = harness.wait_for("Stalled", "True", "ApplyRefused").await;
    let told = message(&platform, "Ready");
    assert!(told.contains("Deployment demo-social"), "{told}");
    refuses.store(false, Ordering::SeqCst);
    let platform = harness.wait_until_ready().await;
    assert!(platform.status.unwrap().conditions.iter().all(|condition| condition.type_ != "Stalled"));
}

/// As where the webhook of somebody else is down: the API server answers 500, and that goes by, or does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_again_and_again_is_told_and_made_once_it_can() {
    let harness = Harness::prepare("unwritten").await;
    let (refuses, instead) = refusing("/deployments/demo-social", 500);
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&instead).build()).detach();
    harness.create(&development()).await;
    let platform = harness.wait_for("Ready", "False", "ApplyFailed").await;
    let told = message(&platform, "Reconciling");
    assert!(told.contains("Deployment demo-social"), "{told}");
    assert!(platform.status.unwrap().conditions.iter().all(|condition| condition.type_ != "Stalled"), "it is tried again by itself");
    refuses.store(false, Ordering::SeqCst);
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_not_answered_hold_up_no_platform_and_others_come() {
    let harness = Harness::prepare("untold").await;
    let (is_silent, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (silent, count) = (is_silent.clone(), asked.clone());
    let instead = Instead::new(move |request| {
        let is_event = request.method() != Method::GET && request.uri().path().contains("/events");
        (is_event && silent.load(Ordering::SeqCst)).then(|| {
            count.fetch_add(1, Ordering::SeqCst);
            silence()
        })
    });
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&instead).build()).detach();
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    assert_ne!(asked.load(Ordering::SeqCst), 0, "it would have been told of");
    is_silent.store(false, Ordering::SeqCst);
    // What is told next.
    ready_is_told(&harness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_that_cannot_be_written_hold_up_no_release() {
    let harness = Harness::prepare("alerts").await;
    let (_, instead) = refusing("/prometheusrules/demo-alerts", 500);
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&instead).build()).detach();
    let mut resource = external();
    resource.spec.observability.as_mut().unwrap().alerts = Some(Switch::Enabled);
    harness.create(&resource).await;
    eventually("the services are made all the same", || async {
        harness.api::<Deployment>().get("demo-social").await.map(drop).map_err(|error| error.to_string())
    })
    .await;
    assert!(harness.api::<PrometheusRule>().get_opt("demo-alerts").await.unwrap().is_none());
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": "2.0.0"}})).await;
    eventually("the next release is rolled out", || async {
        let deployment: Deployment = harness.get("demo-social").await;
        let image = deployment.spec.unwrap().template.spec.unwrap().containers[0].image.clone().unwrap();
        if image.ends_with(":2.0.0") { Ok(()) } else { Err(image) }
    })
    .await;
    let platform = harness.wait_for("Monitored", "False", "ApplyFailed").await;
    assert!(message(&platform, "Monitored").contains("PrometheusRule demo-alerts"), "{}", message(&platform, "Monitored"));
    let platform = harness.wait_until_ready().await;
    assert_eq!(platform.status.unwrap().version.as_deref(), Some("2.0.0"), "that is told though one of its objects is not there");
}
