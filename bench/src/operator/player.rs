//! Plays the rest of a cluster: Jobs are complete and Deployments available as soon as they exist. The controllers that
//! would say so are stopped, because what they do would be measured too.

use std::fmt::Debug;

use futures::{StreamExt, future};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::cluster::{Cluster, NAMESPACE};

/// Requests at once, of each of the two.
const WIDTH: usize = 8;

/// Plays until this is dropped.
pub fn play(cluster: &Cluster) -> JoinSet<()> {
    let mut playing = JoinSet::new();
    playing.spawn(follow(Api::<Job>::namespaced(cluster.client.clone(), NAMESPACE), of_job));
    playing.spawn(follow(Api::<Deployment>::namespaced(cluster.client.clone(), NAMESPACE), of_deployment));
    playing
}

/// Writes the status that each object lacks.
async fn follow<K>(api: Api<K>, lacking: impl Fn(&K) -> Option<Value>)
where
    K: kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let lacking = |found: watcher::Result<K>| {
        // A watch that failed is begun again.
        let object = found.ok()?;
        Some((object.name_any(), lacking(&object)?))
    };
    let objects = watcher(api.clone(), watcher::Config::default()).default_backoff().applied_objects();
    objects
        .filter_map(|found| future::ready(lacking(found)))
        .for_each_concurrent(WIDTH, |(name, status)| {
            let api = &api;
            async move {
                let patch = Patch::Merge(json!({ "status": status }));
                if let Err(error) = api.patch_status(&name, &PatchParams::default(), &patch).await {
                    eprintln!("failed to play the status of {name}: {error}");
                }
            }
        })
        .await;
}

fn of_job(job: &Job) -> Option<Value> {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    if conditions.iter().any(|condition| condition.type_ == "Complete") {
        return None;
    }
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let condition = |type_: &str| json!({ "type": type_, "status": "True", "lastTransitionTime": now, "lastProbeTime": now });
    let conditions = [condition("SuccessCriteriaMet"), condition("Complete")];
    Some(json!({ "startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions }))
}

fn of_deployment(deployment: &Deployment) -> Option<Value> {
    let generation = deployment.metadata.generation;
    let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = deployment.status.as_ref();
    let is_played = status.is_some_and(|status| {
        status.observed_generation == generation
            && status.replicas.unwrap_or(0) == replicas
            && status.available_replicas.unwrap_or(0) == replicas
    });
    let all = json!({
        "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
        "readyReplicas": replicas, "availableReplicas": replicas,
    });
    (!is_played).then_some(all)
}
