use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PeerSpec;

/// Where traces, metrics and logs go, who may read metrics, and what is made of them.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("!has(self.otlpEndpoint) || !has(self.serviceMonitors) || self.serviceMonitors != 'Enabled'")
        .message("observability.serviceMonitors is for platforms without an otlpEndpoint: with both, every metric would arrive twice")
)]
#[serde(rename_all = "camelCase")]
pub struct ObservabilitySpec {
    /// The base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as
    /// `http://otel-collector.observability:4318`. Its port is opened in the NetworkPolicies. Nothing is exported
    /// unless set; `/metrics` is there either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^/?#\s]+/?$"))]
    pub otlp_endpoint: Option<String>,

    /// Where the collector is: the only addresses or pods that may be called at its port, where the cluster enforces
    /// NetworkPolicies. Anywhere unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,

    /// The share of new traces that is recorded, as text from `"0"` to `"1"` such as `"0.05"`; all of them unless set, up to
    /// `tracesPerSecond`. What is not recorded is counted in metrics and written to logs all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8), regex(pattern = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"))]
    pub trace_sampling: Option<String>,

    /// How many new traces each pod records a second, whatever their share, and as many again at once after a quiet one; 50 unless set.
    /// What recording costs does not grow with the number of requests beyond it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub traces_per_second: Option<i32>,

    /// Which log lines the programs of the platform write: a level such as `warn`, or one for each part, such as
    /// `info,photo=debug,sqlx=warn`; `info` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 256),
        regex(pattern = r"^([a-z0-9_:]+=)?(off|error|warn|info|debug|trace)(,([a-z0-9_:]+=)?(off|error|warn|info|debug|trace))*$")
    )]
    pub log: Option<String>,

    /// Who may call the private port 9090 for `/metrics`, where the cluster enforces NetworkPolicies, such as the pods of
    /// Prometheus; nobody but the platform itself unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub from: Option<Vec<PeerSpec>>,

    /// `Enabled`: a ConfigMap for each Grafana dashboard, labelled `grafana_dashboard: "1"` as Grafana's sidecar looks for
    /// them. `Disabled` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboards: Option<Switch>,

    /// `Enabled`: the alerts as PrometheusRule, where the cluster knows that kind. `Disabled` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Switch>,

    /// `Enabled`: a ServiceMonitor by which Prometheus finds `/metrics` of every service, where the cluster knows that
    /// kind; `from` lets it in. For platforms without an `otlpEndpoint`. `Disabled` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_monitors: Option<Switch>,

    /// Where the pages about alerts are, such as `https://git.example.org/social-platform/docs/runbooks`: what the annotation
    /// `runbook_url` of each alert begins with. A path in the repository of the platform unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://\S+$"))]
    pub runbook_base: Option<String>,

    /// Labels of the PrometheusRule and the ServiceMonitor by which a Prometheus selects them, such as
    /// `release: kube-prometheus-stack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 8))]
    pub monitoring_labels: Option<BTreeMap<String, String>>,
}

/// Whether something is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum Switch {
    /// It is made.
    Enabled,
    /// It is not.
    Disabled,
}
