//! What the cluster has to say about a story that failed. Nothing in here may fail itself.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::Api;
use kube::api::{ListParams, LogParams, ResourceExt as _};

use crate::environment;
use crate::scene::Scene;

const LINES: i64 = 30;

/// Prints the platform's conditions, the pods, the last events and the last lines of the logs.
pub async fn print(scene: &Scene) {
    println!("==== {} failed; this is what the cluster knows", scene.namespace);
    println!("{}", scene.platform().conditions().await);
    events(scene).await;
    pods(scene, &scene.namespace).await;
    pods(scene, &environment::operator_namespace()).await;
}

async fn events(scene: &Scene) {
    let events: Api<Event> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let Ok(events) = events.list(&ListParams::default()).await else { return };
    for event in events.iter().filter(|event| event.type_.as_deref() == Some("Warning")) {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        println!("  {} {}: {}", said(&event.involved_object.name), said(&event.reason), said(&event.message));
    }
}

async fn pods(scene: &Scene, namespace: &str) {
    let api: Api<Pod> = Api::namespaced(scene.client.clone(), namespace);
    let Ok(pods) = api.list(&ListParams::default()).await else { return };
    for pod in pods {
        let phase = pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default();
        println!("---- pod {} {phase}", pod.name_any());
        let last = LogParams { tail_lines: Some(LINES), ..LogParams::default() };
        match api.logs(&pod.name_any(), &last).await {
            Ok(log) => print!("{log}"),
            Err(error) => println!("no log: {error}"),
        }
    }
}
