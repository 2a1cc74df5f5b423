//! The panels of the dashboards that the operator makes for a platform, asked for as Grafana would.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use serde_json::Value;

use crate::platform::NAME;
use crate::prometheus::Prometheus;
use crate::scene::Scene;
use crate::wait::eventually;

/// The query of a panel, ready to be asked.
struct Query {
    panel: String,
    expression: String,
}

/// Waits until each panel of the dashboard shows something.
pub async fn show_something(scene: &Scene, prometheus: &Prometheus, dashboard: &str) {
    let queries = queries(scene, dashboard).await;
    assert!(!queries.is_empty(), "the dashboard {dashboard} asks for nothing");
    eventually("every panel shows something", async || {
        for Query { panel, expression } in &queries {
            if !prometheus.query(expression).await?.iter().any(is_number) {
                return Err(format!("{dashboard} / {panel} is empty: {expression}"));
            }
        }
        Ok(())
    })
    .await;
}

/// A share or a quantile of nothing is NaN, of which a panel shows nothing.
fn is_number(sample: &Value) -> bool {
    sample["value"][1].as_str().is_some_and(|value| value != "NaN")
}

/// The queries of a dashboard over all of the load, with the platform's own constants, and any service, in the place of variables.
async fn queries(scene: &Scene, dashboard: &str) -> Vec<Query> {
    let api: Api<ConfigMap> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let made = api.get(&format!("{NAME}-dashboard-{dashboard}")).await.expect("the operator has made the dashboard");
    let json = made.data.unwrap_or_default().into_values().next().expect("the ConfigMap has a file");
    let made: Value = serde_json::from_str(&json).expect("a dashboard is JSON");
    let mut values = vec![("$__rate_interval".to_owned(), "10m"), ("$__range".to_owned(), "10m"), ("$service".to_owned(), ".+")];
    for variable in list(&made["templating"]["list"]).iter().filter(|variable| variable["type"] == "constant") {
        values.push((format!("${}", text(&variable["name"])), text(&variable["query"])));
    }
    let mut queries = Vec::new();
    for panel in list(&made["panels"]) {
        for target in list(&panel["targets"]) {
            let with = |expression: String, (name, value): &(String, &str)| expression.replace(name.as_str(), value);
            let expression = values.iter().fold(text(&target["expr"]).to_owned(), with);
            queries.push(Query { panel: text(&panel["title"]).to_owned(), expression });
        }
    }
    queries
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
