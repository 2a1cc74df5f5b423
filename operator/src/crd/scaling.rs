use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many pods of a service run under which load.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.minReplicas <= self.maxReplicas").message("minReplicas may not be above maxReplicas"))]
#[serde(rename_all = "camelCase")]
pub struct AutoscalingSpec {
    /// The least number of pods, whatever the load.
    #[schemars(range(min = 1, max = 100))]
    pub min_replicas: i32,

    /// The greatest number of pods, whatever the load.
    #[schemars(range(min = 1, max = 100))]
    pub max_replicas: i32,

    /// The CPU that pods should use on average, in percent of what they request; 80, if no other target decides. Needs
    /// `metrics.k8s.io` (metrics-server).
    #[serde(rename = "targetCPUUtilizationPercentage", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub target_cpu_utilization_percentage: Option<i32>,

    /// The memory that pods should use on average, in percent of what they request. Needs `metrics.k8s.io`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub target_memory_utilization_percentage: Option<i32>,

    /// The requests a second that each pod should answer on average: the metric `http_server_requests_per_second` of
    /// pods in `custom.metrics.k8s.io`. Where the cluster does not have that API, the condition `Autoscaling` says so, and
    /// CPU decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub requests_per_second: Option<i32>,
}

/// One rule by which the pods of a service are spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopologySpreadSpec {
    /// The label of nodes whose values are the places, such as `topology.kubernetes.io/zone`.
    #[schemars(length(min = 1, max = 316))]
    pub topology_key: String,

    /// By how many pods two places may differ; 1 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_skew: Option<i32>,

    /// What happens to a pod that fits nowhere; `ScheduleAnyway` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_unsatisfiable: Option<Unsatisfiable>,
}

/// What happens to a pod for which a rule leaves no place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum Unsatisfiable {
    /// It runs where it disturbs the balance least.
    #[default]
    ScheduleAnyway,
    /// It waits.
    DoNotSchedule,
}

impl Unsatisfiable {
    /// The word that a pod's `whenUnsatisfiable` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScheduleAnyway => "ScheduleAnyway",
            Self::DoNotSchedule => "DoNotSchedule",
        }
    }
}
