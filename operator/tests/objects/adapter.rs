//! What prometheus-adapter is told fits what pods say of themselves, and what autoscalers ask for.

use operator::example::full;
use operator::resources::horizontal_pod_autoscaler::REQUESTS_METRIC;
use serde_json::Value;

use super::{objects, prepared};

#[test]
fn the_adapter_serves_the_metric_that_autoscalers_ask_for_of_pods() {
    let values: Value = serde_yaml_ng::from_str(include_str!("../../../deploy/prometheus-adapter.yaml")).unwrap();
    let rules = values["rules"]["custom"].as_array().unwrap();
    let overrides = |rule: &Value, resource: &str| {
        let labels = rule["resources"]["overrides"].as_object().unwrap();
        labels.iter().find(|(_, of)| of["resource"] == resource).unwrap().0.clone()
    };
    for rule in rules {
        assert_eq!(rule["name"]["as"], REQUESTS_METRIC);
        let series = rule["seriesQuery"].as_str().unwrap();
        assert!(series.starts_with("http_server_request_duration_seconds_count{"), "{series}");
        for resource in ["namespace", "pod"] {
            let label = overrides(rule, resource);
            assert!(series.contains(&format!("{label}!=\"\"")), "{series}: {label}");
        }
    }

    // What a collector makes labels of.
    let objects = objects(prepared(full()));
    let social = objects.iter().find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == "demo-social").unwrap();
    let variables = social["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let attributes = variables.iter().find(|it| it["name"] == "OTEL_RESOURCE_ATTRIBUTES").unwrap()["value"].as_str().unwrap();
    let labels: Vec<_> = attributes.split(',').filter_map(|it| Some(it.split_once('=')?.0.replace('.', "_"))).collect();
    for resource in ["namespace", "pod"] {
        let label = overrides(&rules[1], resource);
        assert!(labels.contains(&label), "{labels:?}: {label}");
    }
}
