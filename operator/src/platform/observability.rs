//! How people see how the platform does.

use std::collections::BTreeMap;

/// What the operator makes so that people see how the platform does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observability {
    /// The share of new traces that is recorded, if the resource says so.
    pub trace_sampling: Option<String>,
    /// How many new traces each pod records in a second, if the resource says so.
    pub traces_per_second: Option<i32>,
    /// Which log lines are written, if the resource says so.
    pub log: Option<String>,
    /// Whether Grafana's dashboards are wanted.
    pub dashboards: bool,
    /// Whether alerts are wanted.
    pub alerts: bool,
    /// Whether a ServiceMonitor is wanted.
    pub service_monitors: bool,
    /// The URL that the pages about alerts are below, if the resource says so; without a slash at its end.
    pub runbook_base: Option<String>,
    /// By which Prometheus selects rules and ServiceMonitors.
    pub labels: BTreeMap<String, String>,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub served: bool,
}
