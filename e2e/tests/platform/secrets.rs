//! What a platform keeps in Secrets is told nowhere else: in no log, no event, no condition, no other object, no metric and
//! no trace. Each story ends with a look.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod, Secret};
use kube::Api;
use kube::api::{ListParams, LogParams, ResourceExt as _};

use crate::scene::Scene;
use crate::traces::METRICS;
use crate::{environment, lines, objects, operator};

/// Where the collector of the chart `e2e/collector` runs.
const TELEMETRY: &str = "e2e-telemetry";

/// What Secrets hold beside secrets, by key: names, addresses, and what is public.
const NO_SECRETS: [&str; 10] = ["PUBLIC_KEY", "ca.crt", "dbname", "host", "phase", "request", "slot", "tls.crt", "user", "username"];

/// What is shorter may be in a text by chance.
const SHORTEST: usize = 8;

/// A value, by its Secret and key, in the forms in which it may be told.
struct Kept {
    name: String,
    forms: Vec<String>,
}

/// Looks for each value of the scene's Secrets in everything that others may read.
pub async fn are_nowhere_else(scene: &Scene) {
    let kept = kept(scene).await;
    assert!(!kept.is_empty(), "there are Secrets to look for");
    let texts = texts(scene).await;
    for (place, text) in &texts {
        let found: Vec<&str> = kept.iter().filter(|kept| is_in(kept, text)).map(|kept| kept.name.as_str()).collect();
        assert!(found.is_empty(), "{} may be read by whoever may read {place}", found.join(", "));
    }
    println!("{}: {} values of Secrets are in none of {} other texts", scene.namespace, kept.len(), texts.len());
}

fn is_in(kept: &Kept, text: &str) -> bool {
    kept.forms.iter().any(|form| text.contains(form.as_str()))
}

async fn kept(scene: &Scene) -> Vec<Kept> {
    let api: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let secrets = api.list(&ListParams::default()).await.expect("Secrets can be listed");
    let values = secrets.into_iter().flat_map(|secret| {
        let name = secret.name_any();
        secret.data.unwrap_or_default().into_iter().map(move |(key, value)| (format!("{name}/{key}"), key, value))
    });
    let values = values.filter(|(_, key, value)| !NO_SECRETS.contains(&key.as_str()) && value.0.len() >= SHORTEST);
    values.map(|(name, _, value)| Kept { name, forms: forms(&value) }).collect()
}

/// As it is, and in base64, where what stands behind it may change the last of its signs.
fn forms(value: &ByteString) -> Vec<String> {
    let plain = String::from_utf8_lossy(&value.0).trim().to_owned();
    let base64 = serde_json::to_value(value).expect("bytes have a form in JSON");
    let base64 = base64.as_str().expect("it is base64").trim_end_matches('=');
    vec![plain, base64[..base64.len() - 1].to_owned()]
}

/// Everything that others may read, by its place.
async fn texts(scene: &Scene) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (named, object) in objects::all(scene).await.into_iter().filter(|(named, _)| named.kind != "Secret") {
        texts.insert(named.to_string(), serde_json::to_string(&object).expect("an object has a form in JSON"));
    }
    for namespace in [scene.namespace.clone(), environment::operator_namespace(), TELEMETRY.to_owned()] {
        texts.extend(events(scene, &namespace).await);
        texts.extend(logs(scene, &namespace).await);
    }
    let of_operator = format!("the log of {}/", environment::operator_namespace());
    assert!(texts.iter().any(|(place, log)| place.starts_with(&of_operator) && !log.is_empty()), "the operator has a log");
    let mut pages = operator::metrics(&scene.client).await;
    pages.push(METRICS.to_owned());
    for page in pages {
        let request = http::Request::get(&page).body(Vec::new()).expect("a path of names");
        // A pod that has just begun shows nothing yet.
        if let Ok(text) = scene.client.request_text(request).await {
            texts.insert(page, text);
        }
    }
    texts
}

async fn events(scene: &Scene, namespace: &str) -> Vec<(String, String)> {
    let api: Api<Event> = Api::namespaced(scene.client.clone(), namespace);
    let events = api.list(&ListParams::default()).await.expect("events can be listed");
    let text = |event: &Event| serde_json::to_string(event).expect("an event has a form in JSON");
    events.iter().map(|event| (format!("the event {namespace}/{}", event.name_any()), text(event))).collect()
}

/// The logs of every container, and of the one that was there before it ended. Those of ours are [`lines`].
async fn logs(scene: &Scene, namespace: &str) -> Vec<(String, String)> {
    let api: Api<Pod> = Api::namespaced(scene.client.clone(), namespace);
    let pods = api.list(&ListParams::default()).await.expect("pods can be listed");
    let mut logs = Vec::new();
    for pod in pods {
        for container in containers(&pod) {
            for previous in [false, true] {
                if previous && container.restart_count == 0 {
                    continue;
                }
                let params = LogParams { container: Some(container.name.clone()), previous, ..LogParams::default() };
                // A container that has not begun has none, and a node keeps few of those that were there before.
                if let Ok(log) = api.logs(&pod.name_any(), &params).await {
                    let place = format!("the log of {namespace}/{} {}, previous: {previous}", pod.name_any(), container.name);
                    lines::are_objects(&place, &container.name, &log);
                    logs.push((place, log));
                }
            }
        }
    }
    logs
}

fn containers(pod: &Pod) -> Vec<&ContainerStatus> {
    let Some(status) = &pod.status else { return Vec::new() };
    [&status.init_container_statuses, &status.container_statuses].into_iter().flatten().flatten().collect()
}

#[test]
fn a_value_is_found_as_it_is_and_in_base64_whatever_stands_around_it() {
    let kept = Kept { name: "demo-database/password".to_owned(), forms: forms(&ByteString(b"seven-rivers".to_vec())) };
    for text in ["url=postgres://demo:seven-rivers@db", "c2V2ZW4tcml2ZXJz", "{\"data\":\"c2V2ZW4tcml2ZXJzCg==\"}"] {
        assert!(is_in(&kept, text), "{text}");
    }
    assert!(!is_in(&kept, "seven rivers"));
}
