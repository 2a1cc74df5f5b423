//! The kinds of the Prometheus operator, with the few fields of them that the operator writes: alerts, and where
//! `/metrics` is. What else an endpoint may say, such as how long it is waited for, is left to others.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::dashboards;
use super::metadata::{instance_selector, owned};
use crate::platform::Platform;

/// The groups of Prometheus' own rule files, so that a Prometheus without an operator takes them as they are. The operator's own
/// alerts are in files beside them, and come with its chart.
const RULES: [&str; 2] = [
    include_str!("../../../charts/social-platform/rules/objectives.yaml"),
    include_str!("../../../charts/social-platform/rules/alerts.yaml"),
];

/// What the rule files say of platforms and namespaces: any. In a PrometheusRule it becomes the one that the rules are of.
const ANY_PLATFORM: &str = r#"service_namespace=~".+""#;
const ANY_RESOURCE: &str = r#"socialplatform_name=~".+""#;
const ANY_NAMESPACE: &str = r#"socialplatform_namespace=~".+""#;

/// Where the pages about alerts are in the repository: what `runbook_url` begins with in the files.
const RUNBOOKS: &str = "docs/runbooks";

/// `spec` of a PrometheusRule.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1",
    kind = "PrometheusRule",
    plural = "prometheusrules",
    namespaced,
    schema = "disabled",
    doc = "A PrometheusRule of the Prometheus operator."
)]
pub struct PrometheusRuleSpec {
    /// As in a rule file.
    #[serde(default)]
    pub groups: Vec<Value>,
}

/// `spec` of a ServiceMonitor.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "monitoring.coreos.com",
    version = "v1",
    kind = "ServiceMonitor",
    plural = "servicemonitors",
    namespaced,
    schema = "disabled",
    doc = "A ServiceMonitor of the Prometheus operator."
)]
pub struct ServiceMonitorSpec {
    /// Which Services.
    #[serde(default)]
    pub selector: LabelSelector,
    /// Which ports of theirs.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// A port that has metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name. Services without such a port are passed by.
    #[serde(default)]
    pub port: String,
    /// Where they are.
    #[serde(default)]
    pub path: String,
    /// How often they are read.
    #[serde(default)]
    pub interval: String,
    /// Labels that all of its series get.
    #[serde(default)]
    pub relabelings: Vec<Relabeling>,
}

/// A label of all series of a pod, from what Prometheus knows of the pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relabeling {
    /// What Prometheus knows.
    #[serde(default)]
    pub source_labels: Vec<String>,
    /// The label.
    #[serde(default)]
    pub target_label: String,
    /// `replace`. Another would take the series or their labels away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only what is like this; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Something else instead; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// The platform's alerts, if they were asked for and the cluster knows them.
pub fn prometheus_rule(platform: &Platform) -> Option<PrometheusRule> {
    let wanted = platform.observability.alerts && platform.observability.served;
    wanted.then(|| PrometheusRule {
        metadata: metadata(platform, "alerts"),
        spec: PrometheusRuleSpec { groups: RULES.iter().flat_map(|rules| groups(rules, platform)).collect() },
    })
}

/// Where the platform's metrics are, if it was asked for and the cluster knows them.
pub fn service_monitor(platform: &Platform) -> Option<ServiceMonitor> {
    let wanted = platform.observability.service_monitors && platform.observability.served;
    let endpoint = Endpoint {
        port: "private".to_owned(),
        path: "/metrics".to_owned(),
        interval: "30s".to_owned(),
        relabelings: vec![namespace_label()],
    };
    let spec = ServiceMonitorSpec { selector: instance_selector(platform), endpoints: vec![endpoint] };
    wanted.then(|| ServiceMonitor { metadata: metadata(platform, "metrics"), spec })
}

/// The namespace, by which the rules are narrowed: pods of older releases do not say it in `/metrics`.
fn namespace_label() -> Relabeling {
    Relabeling {
        source_labels: vec!["__meta_kubernetes_namespace".to_owned()],
        target_label: "k8s_namespace_name".to_owned(),
        action: Some("replace".to_owned()),
        ..Relabeling::default()
    }
}

fn metadata(platform: &Platform, what: &str) -> ObjectMeta {
    let mut metadata = owned(platform, what, &platform.named(what));
    let labels = metadata.labels.get_or_insert_default();
    for (label, value) in &platform.observability.labels {
        // Ours are how the object is found again.
        labels.entry(label.clone()).or_insert_with(|| value.clone());
    }
    metadata
}

/// The groups of a rule file, about this platform and no other: two platforms of one cluster would otherwise each alert
/// for both.
fn groups(rules: &str, platform: &Platform) -> Vec<Value> {
    let mut file: Value = serde_yaml_ng::from_str(rules).expect("the rule files are YAML, a test reads them");
    let groups = file["groups"].as_array_mut().map(std::mem::take).unwrap_or_default();
    groups.into_iter().map(|group| narrowed(group, platform)).collect()
}

fn narrowed(value: Value, platform: &Platform) -> Value {
    match value {
        Value::String(text) => Value::String(
            text.replace(ANY_PLATFORM, &format!("service_namespace=\"{}\",k8s_namespace_name=\"{}\"", platform.name, platform.namespace))
                .replace(ANY_RESOURCE, &format!("socialplatform_name=\"{}\"", platform.name))
                .replace(ANY_NAMESPACE, &format!("socialplatform_namespace=\"{}\"", platform.namespace)),
        ),
        Value::Array(items) => items.into_iter().map(|item| narrowed(item, platform)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| field(name, value, platform)).collect(),
        other => other,
    }
}

/// A field of a rule. Annotations lead to the platform's own dashboard, and to the page about the alert.
fn field(name: String, value: Value, platform: &Platform) -> (String, Value) {
    let value = match (name.as_str(), value, &platform.observability.runbook_base) {
        ("dashboard", Value::String(uid), _) => Value::String(dashboards::uid(platform, &uid)),
        ("runbook_url", Value::String(path), Some(base)) => Value::String(path.replacen(RUNBOOKS, base, 1)),
        (_, value, _) => narrowed(value, platform),
    };
    (name, value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crd::Switch;
    use crate::drift::is_part_of;
    use crate::example::minimal;
    use crate::fixtures::cluster;
    use crate::reconcile::validate::validate;

    /// Is the ServiceMonitor applied again, once it says this at this place?
    fn is_healed(place: &str, said: Value) -> bool {
        let mut resource = minimal();
        resource.spec.observability.get_or_insert_default().service_monitors = Some(Switch::Enabled);
        let mut cluster = cluster(resource);
        cluster.monitoring_served = true;
        let desired = serde_json::to_value(service_monitor(&validate(&cluster).unwrap()).unwrap()).unwrap();
        let mut stored = desired.clone();
        let fields = stored["spec"].pointer_mut(place).unwrap().as_object_mut().unwrap();
        fields.extend(said.as_object().unwrap().clone());
        // As it is kept in memory.
        let kept: ServiceMonitor = serde_json::from_value(stored).unwrap();
        !is_part_of(&desired, &serde_json::to_value(kept).unwrap())
    }

    #[test]
    fn nobody_takes_the_metrics_of_a_platform_away() {
        for (place, said) in [
            ("/selector/matchLabels", json!({ "app.kubernetes.io/instance": "another" })),
            ("/selector/matchLabels", json!({ "only": "this" })),
            ("/selector", json!({ "matchExpressions": [{ "key": "only", "operator": "Exists" }] })),
            ("/endpoints/0", json!({ "path": "/elsewhere" })),
            ("/endpoints/0/relabelings/0", json!({ "action": "drop" })),
            ("/endpoints/0/relabelings/0", json!({ "regex": "another" })),
            ("/endpoints/0/relabelings/0", json!({ "replacement": "another" })),
        ] {
            assert!(is_healed(place, said.clone()), "{place}: {said}");
        }
    }

    #[test]
    fn how_they_are_read_is_left_to_others() {
        assert!(!is_healed("/endpoints/0", json!({ "scrapeTimeout": "5s", "honorLabels": true })));
        assert!(!is_healed("", json!({ "sampleLimit": 10_000 })));
    }
}
