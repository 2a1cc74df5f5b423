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

    /// `Retain`, unless set: the volumes of Development storage, the database of CloudNativePG and the Secrets without which
    /// their data cannot be read stay in the namespace, and a new SocialPlatform of the same name takes them over. `Delete`
    /// removes them too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Any text, such as a date. A change of it replaces the passwords with which the services log in to the database and
    /// the keys with which they sign for each other, while everything runs: pods are replaced three times, and the old
    /// values are refused six minutes after the last pod that used them is gone. The condition `SecretsRotated` says how far
    /// it is. What a new platform begins with counts as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[ -~]+$"))]
    pub rotation: Option<String>,
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
