//! What is left when the resource is deleted.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, ListParams};
use kube::{Resource, ResourceExt};
use operator::crd::{DeletionPolicy, LifecycleSpec, SocialPlatform};
use operator::resources::persistent_volume_claim;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::harness::{Harness, development, eventually, message, secret};

/// Waits until only the objects with these names are left of a kind of ours.
async fn only<K>(harness: &Harness, left: &[&str])
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=socialplatform-operator");
    eventually(&format!("of {} only {left:?} are left", K::plural(&())), || async {
        let list = harness.api::<K>().list(&ours).await.unwrap();
        let mut names: Vec<_> = list.iter().map(ResourceExt::name_any).collect();
        names.sort();
        if names == left { Ok(()) } else { Err(format!("there are {names:?}")) }
    })
    .await;
}

/// The Secrets that stay where the database is the platform's own.
pub const RETAINED: [&str; 6] =
    ["demo-auth-database", "demo-database", "demo-key-encryption", "demo-photo-database", "demo-relation-database", "demo-social-database"];

/// Waits until nothing of a platform is left but these.
pub async fn only_data(harness: &Harness, secrets: &[&str], volumes: &[&str]) {
    only::<Deployment>(harness, &[]).await;
    only::<Job>(harness, &[]).await;
    only::<Service>(harness, &[]).await;
    only::<ServiceAccount>(harness, &[]).await;
    only::<ConfigMap>(harness, &[]).await;
    only::<NetworkPolicy>(harness, &[]).await;
    only::<Ingress>(harness, &[]).await;
    only::<PodDisruptionBudget>(harness, &[]).await;
    only::<HorizontalPodAutoscaler>(harness, &[]).await;
    only::<Secret>(harness, secrets).await;
    only::<PersistentVolumeClaim>(harness, volumes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retain_leaves_data_and_keys_and_the_next_resource_takes_them_over() {
    let harness = Harness::start("retain").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let key: Secret = harness.get("demo-key-encryption").await;
    let password: Secret = harness.get("demo-database").await;
    let volume: PersistentVolumeClaim = harness.get("demo-postgres").await;

    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    only_data(&harness, &RETAINED, &["demo-postgres", "demo-s3"]).await;

    harness.create(&development()).await;
    harness.wait_until_ready().await;
    assert_eq!(harness.get::<Secret>("demo-key-encryption").await.data, key.data);
    assert_eq!(harness.get::<Secret>("demo-database").await.data, password.data);
    assert_eq!(harness.get::<PersistentVolumeClaim>("demo-postgres").await.uid(), volume.uid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_in_use_is_never_made_anew() {
    let harness = Harness::start("key").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let pods = harness.get::<Deployment>("demo-auth").await.metadata.generation;
    harness.api::<Secret>().delete("demo-key-encryption", &DeleteParams::default()).await.unwrap();
    let platform = harness.wait_for("SecretsResolved", "False", "SecretMissing").await;
    let told = message(&platform, "SecretsResolved");
    assert!(told.contains("kubectl create secret generic demo-key-encryption -n"), "{told}");
    assert!(harness.api::<Secret>().get_opt("demo-key-encryption").await.unwrap().is_none());
    assert_eq!(harness.get::<Deployment>("demo-auth").await.metadata.generation, pods, "the pods that have the key run on");

    harness.create(&secret("demo-key-encryption", &[("KEY_ENCRYPTION_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")])).await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delete_leaves_nothing() {
    let harness = Harness::start("delete").await;
    let mut resource = development();
    resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    only_data(&harness, &[], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_can_change_while_the_platform_runs() {
    let harness = Harness::start("policy").await;
    let mut resource = development();
    // What is made with an owner loses it, too.
    resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    for (policy, owners) in [("Retain", 0), ("Delete", 1), ("Retain", 0)] {
        let change = serde_json::json!({"spec": {"lifecycle": {"deletionPolicy": policy}}});
        harness.edit::<SocialPlatform>("demo", change).await;
        eventually(&format!("with {policy} the key and the volume have {owners} owners"), || async {
            let key = harness.get::<Secret>("demo-key-encryption").await.owner_references().len();
            let volume = harness.get::<PersistentVolumeClaim>("demo-postgres").await.owner_references().len();
            if (key, volume) == (owners, owners) { Ok(()) } else { Err(format!("{key} and {volume}")) }
        })
        .await;
    }
}

/// The size that a volume asks for, and how many owners it has.
async fn volume(harness: &Harness, name: &str) -> (String, usize) {
    let claim: PersistentVolumeClaim = harness.get(name).await;
    (persistent_volume_claim::size(&claim).unwrap_or_default().to_owned(), claim.owner_references().len())
}

/// Nothing provides volumes here, so none may grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_that_may_not_grow_holds_up_nothing_and_its_size_can_be_taken_back() {
    let harness = Harness::start("size").await;
    let mut resource = development();
    resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    harness.create(&resource).await;
    harness.wait_until_ready().await;

    let larger = json!({"version": "2.0.0", "lifecycle": {"deletionPolicy": "Retain"}, "database": {"development": {"storage": "99Gi"}}});
    harness.edit::<SocialPlatform>("demo", json!({ "spec": larger })).await;
    let platform = harness.wait_for("VolumesApplied", "False", "ApplyFailed").await;
    let told = message(&platform, "VolumesApplied");
    assert!(told.contains("PersistentVolumeClaim demo-postgres") && told.contains("back to 5Gi"), "{told}");
    let platform = harness.wait_until_ready().await;
    assert_eq!(platform.status.unwrap().version.as_deref(), Some("2.0.0"), "the next release is rolled out");
    eventually("both volumes stay when the platform goes", || async {
        let volumes = (volume(&harness, "demo-postgres").await, volume(&harness, "demo-s3").await);
        if volumes.0.1 + volumes.1.1 == 0 { Ok(()) } else { Err(format!("{volumes:?}")) }
    })
    .await;

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"database": {"development": {"storage": "1Gi"}}}})).await;
    eventually("nothing is refused any more", || async {
        let platform = harness.wait_until_ready().await;
        let left = platform.status.unwrap().conditions.into_iter().find(|condition| condition.type_ == "VolumesApplied");
        left.map_or(Ok(()), |left| Err(format!("{left:?}")))
    })
    .await;
    assert_eq!(volume(&harness, "demo-postgres").await.0, "5Gi", "less than it has changes nothing");
}
