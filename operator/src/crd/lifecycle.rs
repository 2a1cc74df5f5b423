use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to the data when the resource is deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleSpec {
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
