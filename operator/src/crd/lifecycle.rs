use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the platform is looked after, whether it runs, and what happens to the data when the resource is deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleSpec {
    /// While true, the operator changes nothing but the status, whatever else is written here or happens to the objects:
    /// for repairs by hand. What runs goes on running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,

    /// While true, no pod of the platform runs; its data, addresses and keys stay. Autoscalers are removed; on waking, a
    /// service starts with `replicas`, or with `minReplicas` under an autoscaler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hibernated: Option<bool>,

    /// `Retain`, unless set: the volumes of Development storage and the Secrets without which their data cannot be read
    /// stay in the namespace, and a new SocialPlatform of the same name takes them over. `Delete` removes them too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// What happens to volumes and keys when the resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum DeletionPolicy {
    /// They stay.
    #[default]
    Retain,
    /// They go.
    Delete,
}
