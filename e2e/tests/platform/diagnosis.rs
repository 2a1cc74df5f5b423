//! What the cluster has to say about a story that failed. Nothing in here may fail itself.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::Api;
use kube::api::{ListParams, LogParams, ResourceExt as _};

use crate::environment;
use crate::scene::Scene;

/// So many of a log's last lines are read,
const READ: i64 = 1000;
/// and so many printed: those of one sentence are one.
const PRINTED: usize = 10;

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
        let status = pod.status.as_ref();
        let phase = status.and_then(|status| status.phase.clone()).unwrap_or_default();
        let containers = status.and_then(|status| status.container_statuses.clone()).unwrap_or_default();
        let restarts: i32 = containers.iter().map(|container| container.restart_count).sum();
        println!("---- pod {} {phase}, {restarts} restarts", pod.name_any());
        let last = LogParams { tail_lines: Some(READ), ..LogParams::default() };
        match api.logs(&pod.name_any(), &last).await {
            Ok(log) => print!("{}", gathered(&log)),
            Err(error) => println!("no log: {error}"),
        }
    }
}

/// The last lines of a log, those that say the same by the last of them: what went wrong once is not lost among what is said
/// for each connection.
fn gathered(log: &str) -> String {
    let mut said: HashMap<String, (usize, usize)> = HashMap::new();
    let lines: Vec<&str> = log.lines().collect();
    for (place, line) in lines.iter().enumerate() {
        let (last, times) = said.entry(sentence(line)).or_default();
        (*last, *times) = (place, *times + 1);
    }
    let mut said: Vec<_> = said.into_values().collect();
    said.sort_unstable();
    said.iter().rev().take(PRINTED).rev().map(|&(place, times)| format!("{times} x {}\n", lines[place])).collect()
}

/// What a line says, without when and how much.
fn sentence(line: &str) -> String {
    let object = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    let words = object["message"].as_str().unwrap_or(line);
    let error = object["error"].as_str().unwrap_or_default();
    words.chars().chain(error.chars()).filter(|character| !character.is_ascii_digit()).collect()
}

#[test]
fn lines_that_say_the_same_are_one() {
    let slow = |seconds| format!("{{\"message\":\"slow\",\"seconds\":{seconds}}}\n");
    let log = [slow(1), "failed after 3 s\n".to_owned(), slow(2), slow(3)].concat();
    assert_eq!(gathered(&log), format!("1 x failed after 3 s\n3 x {}", slow(3)));
}
