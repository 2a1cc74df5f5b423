use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The status that a resource is created with.
pub(super) fn not_looked_at() -> Value {
    json!({ "observedGeneration": -1 })
}

/// What the operator found and did. Until it has looked at the resource, `observedGeneration` is -1: who goes by kstatus takes a
/// resource without a status for one that is done.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = not_looked_at()))]
pub struct SocialPlatformStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The release that every service runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// The release that the services are being brought to, while it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_version: Option<String>,

    /// Where people reach the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,

    /// The last migration that went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<MigrationStatus>,

    /// What there is of backups; only where `spec.backup` says where they go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups: Option<BackupsStatus>,

    /// The services, one row each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub components: Vec<ComponentStatus>,

    /// What is true of the platform. Always there: `Ready` (the sum of all; while the platform is to hibernate, that no pod
    /// runs), `SecretsResolved`, `DatabaseMigrated`, `ObjectStoreReachable` (the object store kept what it was given when this
    /// configuration was first rolled out), `Exposed` and `DevelopmentOnly` (a Development store is in use). Only where a service
    /// has an autoscaler: `Autoscaling`. Only where it began with a backup: `BackupRestored`. Only where backups have a schedule:
    /// `BackedUp`. Only where dashboards, alerts or ServiceMonitors were asked for: `Monitored`. Only where CloudNativePG runs the
    /// database: `DatabaseReady`. Only with `exposure.tls`: `CertificateReady`. Only where `lifecycle.rotation` is set:
    /// `SecretsRotated`. Only while true: `Paused`, `Hibernated`, `Reconciling` (on its way) and `Stalled` (cannot go on unless
    /// someone acts). Only while false: `VolumesApplied` (a volume stays as it is, since it may not grow).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// A migration that went through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrationStatus {
    /// The release it migrated to.
    pub version: String,

    /// The Job that did it.
    pub job: String,

    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Time>,
}

/// The backups of a platform.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupsStatus {
    /// The time of the schedule for which a backup was last created, or that passed while the one before was being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scheduled_at: Option<Time>,

    /// The last verified backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_verified: Option<String>,

    /// When it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_verified_at: Option<Time>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Its name.
    pub name: String,

    /// How many pods serve.
    pub ready: i32,

    /// How many should.
    pub desired: i32,

    /// The release that they run, or are being replaced to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// The image that they run, or are being replaced to run.
    pub image: String,
}
