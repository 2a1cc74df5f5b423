//! How people see how the platform does.

use std::collections::BTreeMap;

/// What the operator makes so that people see how the platform does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observability {
    /// Whether Grafana's dashboards are wanted.
    pub dashboards: bool,
    /// Whether alerts are wanted.
    pub alerts: bool,
    /// Whether a ServiceMonitor is wanted.
    pub service_monitors: bool,
    /// By which Prometheus selects the last two.
    pub labels: BTreeMap<String, String>,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub served: bool,
}
