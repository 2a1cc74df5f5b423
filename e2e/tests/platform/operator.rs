//! The operator as the cluster sees it: its pods, its account, its metrics.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, ResourceExt as _};
use kube::{Api, Client};

use crate::environment;
use crate::traces::METRICS;
use crate::wait::eventually;

/// The operator's private port.
const METRICS_PORT: u16 = 9090;

fn pods(client: &Client) -> Api<Pod> {
    Api::namespaced(client.clone(), &environment::operator_namespace())
}

/// What each of the operator's pods shows Prometheus, as the API server passes it on.
pub async fn metrics(client: &Client) -> Vec<String> {
    let namespace = environment::operator_namespace();
    let path = |pod: String| format!("/api/v1/namespaces/{namespace}/pods/{pod}:{METRICS_PORT}/proxy/metrics");
    list(client).await.into_iter().map(path).collect()
}

async fn list(client: &Client) -> Vec<String> {
    let pods = pods(client).list(&ListParams::default()).await.expect("the operator's namespace can be read");
    pods.iter().map(|pod| pod.name_any()).collect()
}

/// The service account of the operator's pods.
pub async fn account(client: &Client) -> String {
    let pods = pods(client).list(&ListParams::default()).await.expect("the operator's namespace can be read");
    let account = pods.items.iter().find_map(|pod| pod.spec.as_ref()?.service_account_name.clone());
    account.unwrap_or_else(|| panic!("no operator runs in {}", environment::operator_namespace()))
}

/// The user as which the operator's pods write, as the audit log names it.
pub async fn user(client: &Client) -> String {
    format!("system:serviceaccount:{}:{}", environment::operator_namespace(), account(client).await)
}

/// Waits until the collector has each metric that the operator's pods show by themselves, under the same name. They send every
/// minute.
pub async fn sends_what_it_shows(client: &Client) {
    let page = async |path: String| {
        let request = http::Request::get(path).body(Vec::new()).expect("a path of names");
        client.request_text(request).await.map_err(|error| error.to_string())
    };
    eventually("the collector has every metric that the operator shows", async || {
        let mut shown = BTreeSet::new();
        for path in metrics(client).await {
            shown.extend(names(&page(path).await?));
        }
        let sent = names(&page(METRICS.to_owned()).await?);
        let missing: Vec<_> = shown.difference(&sent).collect();
        if missing.is_empty() && !shown.is_empty() { Ok(()) } else { Err(format!("{missing:?} of {} are missing", shown.len())) }
    })
    .await;
}

/// The names of the operator's samples on a page, but for the one that stands for it as a whole.
fn names(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#') && line.contains("service_name=\"operator\""));
    let names = samples.filter_map(|line| line.split('{').next()).filter(|name| *name != "target_info");
    names.map(str::to_owned).collect()
}

/// How many reconciles have ended since the operator's pods started: the count of every histogram and the value of
/// every counter whose name says `reconcile`. Pods that do not answer (yet) count for nothing.
pub async fn reconciles(client: &Client) -> f64 {
    let mut sum = 0.0;
    for path in metrics(client).await {
        let request = http::Request::get(path).body(Vec::new()).expect("a path of names");
        sum += client.request_text(request).await.map_or(0.0, |page| total(&page));
    }
    sum
}

/// Waits until there have been more than `count` reconciles.
pub async fn reconciles_beyond(client: &Client, count: f64) {
    eventually("the operator has reconciled again", async || {
        let now = reconciles(client).await;
        if now > count { Ok(()) } else { Err(format!("{now} reconciles, as before")) }
    })
    .await;
}

fn total(page: &str) -> f64 {
    let samples = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    let counts = samples.filter(|(series, _)| {
        let name = series.split('{').next().unwrap_or_default();
        name.contains("reconcile") && (name.ends_with("_count") || name.ends_with("_total"))
    });
    counts.filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
}

/// Deletes the operator's pods and waits until the next ones have reconciled something.
pub async fn restart(client: &Client) {
    let old = list(client).await;
    for pod in &old {
        pods(client).delete(pod, &DeleteParams::default()).await.expect("the operator's pod can be deleted");
    }
    eventually("the operator's old pods are gone", async || match list(client).await.into_iter().find(|pod| old.contains(pod)) {
        None => Ok(()),
        Some(pod) => Err(format!("{pod} is still there")),
    })
    .await;
    reconciles_beyond(client, 0.0).await;
}
