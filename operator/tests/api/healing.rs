//! What someone deletes or edits comes back.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::DeleteParams;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::{Harness, eventually, external};

/// Deletes an object, and waits until there is a new one of its name.
async fn deleted<K>(harness: &Harness, name: &str)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let old: K = harness.get(name).await;
    harness.api::<K>().delete(name, &DeleteParams::background()).await.unwrap();
    eventually(&format!("{} {name} is made again", K::kind(&())), || async {
        match harness.api::<K>().get_opt(name).await.unwrap() {
            Some(new) if new.uid() != old.uid() => Ok(()),
            _ => Err("it is not".to_owned()),
        }
    })
    .await;
}

/// Edits an object, and waits until what `look` sees is as before.
async fn edited<K>(harness: &Harness, name: &str, change: Value, look: &str)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize,
{
    let seen = |object: &K| serde_json::to_value(object).unwrap().pointer(look).cloned();
    let before = seen(&harness.get(name).await);
    let after = seen(&harness.edit(name, change).await);
    assert_ne!(before, after, "the edit of {} {name} changes {look}", K::kind(&()));
    eventually(&format!("{look} of {} {name} is {before:?} again", K::kind(&())), || async {
        let now = seen(&harness.get(name).await);
        if now == before { Ok(()) } else { Err(format!("it is {now:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_is_made_again() {
    let harness = Harness::start("deleted").await;
    harness.create(&external()).await;
    let platform = harness.wait_until_ready().await;
    deleted::<ServiceAccount>(&harness, "demo-auth").await;
    deleted::<ConfigMap>(&harness, "demo-service-keys").await;
    deleted::<NetworkPolicy>(&harness, "demo-default-deny").await;
    deleted::<Service>(&harness, "demo-social").await;
    deleted::<Deployment>(&harness, "demo-relation").await;
    deleted::<Ingress>(&harness, "demo").await;
    deleted::<PodDisruptionBudget>(&harness, "demo-auth").await;
    deleted::<HorizontalPodAutoscaler>(&harness, "demo-social").await;
    deleted::<Secret>(&harness, "demo-migrate").await;
    deleted::<Job>(&harness, &platform.status.unwrap().migration.unwrap().job).await;
    deleted::<Secret>(&harness, "demo-photo-key").await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_edited_becomes_what_it_was() {
    let harness = Harness::start("edited").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    let token = json!({"automountServiceAccountToken": true});
    edited::<ServiceAccount>(&harness, "demo-auth", token, "/automountServiceAccountToken").await;
    edited::<ConfigMap>(&harness, "demo-service-keys", json!({"data": {"SERVICE_KEYS": "{}"}}), "/data").await;
    let url = json!({"stringData": {"DATABASE_URL": "postgres://elsewhere"}});
    edited::<Secret>(&harness, "demo-social-database", url, "/data").await;
    let opened = json!({"spec": {"ingress": [{}]}});
    edited::<NetworkPolicy>(&harness, "demo-photo", opened, "/spec/ingress").await;
    let label = "app.kubernetes.io/component";
    edited::<Service>(&harness, "demo-auth", json!({"spec": {"selector": {label: "social"}}}), "/spec/selector").await;
    edited::<Deployment>(&harness, "demo-photo", json!({"spec": {"replicas": 9}}), "/spec/replicas").await;
    edited::<PodDisruptionBudget>(&harness, "demo-auth", json!({"spec": {"maxUnavailable": 2}}), "/spec/maxUnavailable").await;
    edited::<HorizontalPodAutoscaler>(&harness, "demo-social", json!({"spec": {"maxReplicas": 50}}), "/spec/maxReplicas").await;
    let host = json!({"spec": {"rules": [{"host": "elsewhere.example.org"}]}});
    edited::<Ingress>(&harness, "demo", host, "/spec/rules").await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_add_stays() {
    let harness = Harness::start("foreign").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.edit::<Deployment>("demo-auth", json!({"metadata": {"annotations": {"team": "x"}}})).await;
    // Two changes of ours later it is still there.
    for replicas in [1, 2] {
        let change = json!({"spec": {"components": {"auth": {"replicas": replicas}}}});
        harness.edit::<operator::crd::SocialPlatform>("demo", change).await;
        harness.wait_until_ready().await;
    }
    let deployment: Deployment = harness.get("demo-auth").await;
    assert_eq!(deployment.annotations()["team"], "x");
    assert_eq!(deployment.spec.unwrap().replicas, Some(2));
}
