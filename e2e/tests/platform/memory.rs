//! What the pods of a platform take, as the metrics API tells.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, ResourceExt as _};

use crate::scene::Scene;
use crate::wait::eventually;

/// Prints the memory of each running pod (its working set, the measure by which the kubelet evicts).
pub async fn print(scene: &Scene, when: &str) {
    let kind = GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics");
    let api: Api<DynamicObject> =
        Api::namespaced_with(scene.client.clone(), &scene.namespace, &ApiResource::from_gvk_with_plural(&kind, "pods"));
    if let Err(error) = api.list(&ListParams::default()).await {
        println!("{}: memory {when} is not known, for the cluster has no metrics API ({error})", scene.namespace);
        return;
    }
    let measured = eventually("every running pod has been measured", async || {
        let measured = api.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
        let measured: BTreeMap<String, u64> = measured.into_iter().map(|pod| (pod.name_any(), bytes(&pod))).collect();
        match running(scene).await.into_iter().find(|pod| !measured.contains_key(pod)) {
            None => Ok(measured),
            Some(pod) => Err(format!("nothing is known of {pod}")),
        }
    })
    .await;
    for (pod, bytes) in measured {
        println!("{}: memory {when} {:>6.1} MB {pod}", scene.namespace, bytes as f64 / 1e6);
    }
}

async fn running(scene: &Scene) -> Vec<String> {
    let pods: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let running = ListParams::default().fields("status.phase=Running");
    pods.list(&running).await.expect("pods can be listed").iter().map(|pod| pod.name_any()).collect()
}

fn bytes(pod: &DynamicObject) -> u64 {
    let containers = pod.data["containers"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["usage"]["memory"].as_str()).map(quantity).sum()
}

/// A quantity in the forms that the metrics API uses.
fn quantity(text: &str) -> u64 {
    let units = [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)];
    let (number, unit) = units.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit))).unwrap_or((text, 1));
    number.parse::<u64>().unwrap_or_else(|_| panic!("an amount of memory, not {text}")) * unit
}
