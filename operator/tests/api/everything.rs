//! Every object of a platform, without what differs from one cluster to the next.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::ListParams;
use kube::{Resource, ResourceExt};
use operator::backups::{job_name, kept_name};
use operator::crd::{SocialPlatform, SocialPlatformBackup};
use operator::drift::hash_parts;
use operator::resources::http_route::HttpRoute;
use operator::resources::monitoring::PrometheusRule;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::scaling::reconciled;

/// How often it is looked whether a platform has come to rest.
const LOOKS: usize = 20;

/// The objects of the platform `demo`, sorted.
pub async fn everything(harness: &Harness) -> Vec<String> {
    let mut all = Vec::new();
    add::<ServiceAccount>(harness, &mut all).await;
    add::<Secret>(harness, &mut all).await;
    add::<ConfigMap>(harness, &mut all).await;
    add::<NetworkPolicy>(harness, &mut all).await;
    add::<PodDisruptionBudget>(harness, &mut all).await;
    add::<Service>(harness, &mut all).await;
    add::<PersistentVolumeClaim>(harness, &mut all).await;
    add::<Deployment>(harness, &mut all).await;
    add::<HorizontalPodAutoscaler>(harness, &mut all).await;
    add::<Job>(harness, &mut all).await;
    add::<Ingress>(harness, &mut all).await;
    add::<HttpRoute>(harness, &mut all).await;
    add::<PrometheusRule>(harness, &mut all).await;
    for (name, instead) in named_by_chance(harness).await {
        all.iter_mut().for_each(|object| *object = object.replace(&name, instead));
    }
    all.sort();
    all
}

/// What is made of the uids of the platform and of its backups, and what stands there instead.
async fn named_by_chance(harness: &Harness) -> Vec<(String, &'static str)> {
    let backups = harness.api::<SocialPlatformBackup>().list(&ListParams::default()).await.unwrap();
    let of_backup = |backup: &SocialPlatformBackup| [(kept_name(backup), "KEPT"), (job_name("demo", &backup.metadata), "BACKUP-JOB")];
    let mut names: Vec<_> = backups.iter().flat_map(of_backup).collect();
    let platform = harness.api::<SocialPlatform>().get_opt("demo").await.unwrap();
    names.extend(platform.and_then(|platform| platform.uid()).map(|uid| (uid, "PLATFORM")));
    names
}

/// The same, once some reconciles have changed nothing of it. They are counted as [`reconciled`] does, so it is for platforms whose
/// database someone else looks after.
pub async fn everything_at_rest(harness: &Harness) -> Vec<String> {
    let mut last = everything(harness).await;
    for _ in 0..LOOKS {
        reconciled(harness).await;
        let next = everything(harness).await;
        if next == last {
            return next;
        }
        last = next;
    }
    panic!("it does not come to rest: {last:#?}");
}

async fn add<K>(harness: &Harness, all: &mut Vec<String>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize,
{
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=socialplatform-operator");
    for object in harness.api::<K>().list(&ours).await.unwrap() {
        all.push(comparable(serde_json::to_value(object).unwrap(), K::kind(&()).as_ref(), &harness.namespace));
    }
}

/// The object without what the API server, the controllers and chance have put into it.
fn comparable(mut object: Value, kind: &str, namespace: &str) -> String {
    let metadata = object["metadata"].take();
    // A hash of random passwords, in the name of a migration Job and in its label.
    let key = metadata["labels"]["socialplatform.dev/migration"].as_str().unwrap_or("no such label").to_owned();
    let owners = metadata["ownerReferences"].as_array().map_or(0, Vec::len);
    let labels = metadata["labels"].clone();
    object["metadata"] = json!({ "name": metadata["name"], "labels": labels, "owners": owners });
    object["kind"] = json!(kind);
    let fields = object.as_object_mut().unwrap();
    fields.remove("status");
    if let Some(data) = fields.get("data").and_then(Value::as_object) {
        // Of dashboards, the names begin with a hash of the namespace.
        let names = data.keys().map(|name| name.split_once('-').map_or(name.as_str(), |(_, rest)| rest));
        let names = json!(names.collect::<Vec<_>>());
        fields.insert("data".to_owned(), names);
    }
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
        for given in ["clusterIP", "clusterIPs", "volumeName"] {
            spec.remove(given);
        }
        if kind == "Job" {
            spec.remove("selector");
        }
        if let Some(template) = spec.get_mut("template").and_then(Value::as_object_mut) {
            template.remove("metadata");
        }
    }
    // What the uids of its dashboards begin with.
    let uid = hash_parts([("namespace", namespace.as_bytes()), ("name", b"demo")]);
    object.to_string().replace(namespace, "NAMESPACE").replace(&key, "KEY").replace(&uid, "UID")
}
