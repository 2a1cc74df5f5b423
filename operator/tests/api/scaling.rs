//! Autoscalers: how many pods run is theirs to say.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use kube::client::ClientBuilder;
use kube::runtime::{WatchStreamExt, watcher};
use operator::crd::SocialPlatform;
use operator::resources::metadata::SCALER;
use serde_json::{Value, json};

use crate::faults::refusal;
use crate::harness::{Harness, development, eventually, external};
use crate::instead::Instead;

/// Every number of pods that Deployment `demo-social` was ever given.
fn record(harness: &Harness) -> Arc<Mutex<Vec<i32>>> {
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let config = watcher::Config::default().fields("metadata.name=demo-social");
    let deployments = watcher(harness.api::<Deployment>(), config).default_backoff().applied_objects();
    let into = recorded.clone();
    tokio::spawn(deployments.for_each(move |deployment| {
        if let Ok(deployment) = deployment {
            let replicas = deployment.spec.and_then(|spec| spec.replicas).unwrap();
            let mut recorded = into.lock().unwrap();
            if recorded.last() != Some(&replicas) {
                recorded.push(replicas);
            }
        }
        futures::future::ready(())
    }));
    recorded
}

async fn social(harness: &Harness, spec: Value) {
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"components": {"social": spec}}})).await;
    harness.wait_until_ready().await;
}

async fn replicas(harness: &Harness, wanted: i32) {
    eventually(&format!("{wanted} pods are asked for"), || async {
        let found = harness.get::<Deployment>("demo-social").await.spec.unwrap().replicas.unwrap();
        if found == wanted { Ok(()) } else { Err(format!("{found}")) }
    })
    .await;
}

/// Waits for some reconciles. Each reads the Secret that someone else writes: so they can be counted.
pub async fn reconciled(harness: &Harness) {
    harness.requests.clear();
    eventually("some reconciles", || async {
        let seen = harness.requests.reads_of("/secrets/demo-pg-app");
        if seen >= 3 { Ok(()) } else { Err(format!("{seen}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_is_never_contradicted_and_no_pod_is_lost_when_it_comes_or_goes() {
    let harness = Harness::start("autoscaler").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    social(&harness, json!({"replicas": 3, "autoscaling": null})).await;
    replicas(&harness, 3).await;
    let recorded = record(&harness);
    eventually("the record has begun", || async {
        if recorded.lock().unwrap().is_empty() { Err("it has not".to_owned()) } else { Ok(()) }
    })
    .await;

    // On, with the number of pods that there is.
    social(&harness, json!({"replicas": null, "autoscaling": {"minReplicas": 2, "maxReplicas": 8}})).await;
    eventually("there is an autoscaler", || async {
        let found = harness.api::<HorizontalPodAutoscaler>().get_opt("demo-social").await.unwrap();
        found.map(drop).ok_or_else(|| "none".to_owned())
    })
    .await;
    replicas(&harness, 3).await;

    // It decides something else, and nothing that the operator does afterwards takes it back.
    let five = Patch::Merge(json!({"spec": {"replicas": 5}}));
    harness.api::<Deployment>().patch_scale("demo-social", &PatchParams::default(), &five).await.unwrap();
    reconciled(&harness).await;
    social(&harness, json!({"resources": {"requests": {"cpu": "60m"}}})).await;
    replicas(&harness, 5).await;

    // Out of sight for a moment, and not new.
    let unlabeled = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": null}}});
    harness.edit::<Deployment>("demo-social", unlabeled).await;
    eventually("the label is back", || async {
        let labels = harness.get::<Deployment>("demo-social").await.metadata.labels.unwrap_or_default();
        if labels.contains_key("app.kubernetes.io/managed-by") { Ok(()) } else { Err(format!("{labels:?}")) }
    })
    .await;
    reconciled(&harness).await;

    // Off, with the number that is asked for.
    social(&harness, json!({"replicas": 4, "autoscaling": null})).await;
    replicas(&harness, 4).await;
    eventually("the autoscaler is gone", || async {
        let found = harness.api::<HorizontalPodAutoscaler>().get_opt("demo-social").await.unwrap();
        if found.is_none() { Ok(()) } else { Err("it is there".to_owned()) }
    })
    .await;
    eventually("the whole record is there", || async {
        let recorded = recorded.lock().unwrap().clone();
        if recorded == [3, 5, 4] { Ok(()) } else { Err(format!("it is {recorded:?}")) }
    })
    .await;
}

/// The autoscaler of the cluster would set it right as well, a quarter of a minute later and in its own name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_deployment_whose_least_number_was_refused_is_given_it_by_the_operator() {
    let harness = Harness::prepare("least").await;
    let refused = Arc::new(AtomicBool::new(false));
    let once = refused.clone();
    let refusals = Instead::new(move |request| {
        let is_scale = request.uri().query().is_some_and(|query| query.contains(SCALER));
        (is_scale && !once.swap(true, Ordering::SeqCst)).then(|| refusal(409, "Conflict"))
    });
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&refusals).build()).detach();
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    replicas(&harness, 2).await;
    assert!(refused.load(Ordering::SeqCst));
    let managers = harness.get::<Deployment>("demo-social").await.metadata.managed_fields.unwrap();
    let owns_replicas = |fields: &Value| fields.pointer("/f:spec/f:replicas").is_some();
    let owner = managers.iter().find(|entry| entry.fields_v1.as_ref().is_some_and(|fields| owns_replicas(&fields.0)));
    assert_eq!(owner.and_then(|owner| owner.manager.as_deref()), Some(SCALER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_cluster_cannot_measure_is_told() {
    let harness = Harness::start("metrics").await;
    let mut resource = serde_json::to_value(development()).unwrap();
    resource["spec"]["components"] = json!({"social": {"autoscaling": {"minReplicas": 1, "maxReplicas": 3}}});
    harness.create(&serde_json::from_value::<SocialPlatform>(resource).unwrap()).await;
    // No metrics-server runs beside a bare API server.
    harness.wait_for("Autoscaling", "False", "MetricsApiMissing").await;
    harness.wait_until_ready().await;
}
