use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::not_looked_at;
use super::{PeerSpec, SecretRef};

/// Where backups of the platform go, when they are made, and how many are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupSpec {
    /// An image with `pg_dump` and `pg_restore` on its PATH, of the version of the database's server, such as
    /// `docker.io/library/postgres:17`. The platform's program runs in it, copied from the platform's own image.
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub postgres_image: String,

    /// Where backups go.
    pub destination: BackupDestinationSpec,

    /// When backups are made: minute, hour, day of the month, month and day of the week, in UTC, as cron has them, such as
    /// `0 2 * * *`. Without it, only when someone creates a SocialPlatformBackup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 9, max = 128))]
    pub schedule: Option<String>,

    /// How many verified backups of the schedule are kept, 7 unless set. Older ones are deleted, with their bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub keep: Option<i32>,

    /// Where the destination is: the only addresses or pods that may be called at its port, where the cluster enforces
    /// NetworkPolicies. Anywhere unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,
}

/// A bucket for backups, in a store that speaks S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupDestinationSpec {
    /// The base URL of the store, such as `https://s3.eu-central-1.amazonaws.com`; buckets are addressed by path. Better not
    /// the store of the photos.
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^/?#\s]+/?$"))]
    pub endpoint: String,

    /// The bucket, which must exist.
    #[schemars(length(min = 3, max = 63), regex(pattern = r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$"))]
    pub bucket: String,

    /// What the keys of all backups begin with, such as `platforms/demo`; nothing, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"))]
    pub prefix: Option<String>,

    /// The region that requests are signed for, such as `eu-central-1`. Stores without regions take `us-east-1`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: String,

    /// The Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, which may read, write, list and delete the
    /// bucket's objects.
    pub credentials_secret_ref: SecretRef,
}

/// What a new platform begins with, instead of nothing.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapSpec {
    /// The backup that is restored before the first migration, into an empty database and the platform's bucket. The Secret
    /// `<name>-key-encryption` of the platform that was backed up has to be there, under the new platform's name.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("bootstrap.fromBackup is immutable: a platform begins once; make another SocialPlatform for another backup"))]
    pub from_backup: FromBackupSpec,

    /// Where the source is: the only addresses or pods that may be called at its port, where the cluster enforces
    /// NetworkPolicies. Anywhere unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,
}

/// A backup to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FromBackupSpec {
    /// The name under which it is kept: `status.backupName` of the SocialPlatformBackup.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9][a-z0-9.-]*$"))]
    pub name: String,

    /// An image with `pg_restore` on its PATH, of the version of the new database's server.
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub postgres_image: String,

    /// Where it is.
    pub source: BackupDestinationSpec,
}

/// One backup of a platform: its database and its photos, kept together and verified.
#[allow(clippy::duplicated_attributes, reason = "each column has a name and a type of its own")]
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "socialplatform.dev",
    version = "v1alpha1",
    kind = "SocialPlatformBackup",
    plural = "socialplatformbackups",
    shortname = "spb",
    namespaced,
    status = "SocialPlatformBackupStatus",
    derive = "PartialEq",
    doc = "One backup of a social platform: its database and its photos, kept together and verified. Deleting it leaves the bytes.",
    cel,
    printcolumn(name = "Platform", type_ = "string", json_path = ".spec.platformRef.name"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Complete\")].reason"),
    printcolumn(name = "Bytes", type_ = "integer", json_path = ".status.bytes"),
    printcolumn(name = "Completed", type_ = "date", json_path = ".status.completedAt"),
    printcolumn(name = "Location", type_ = "string", json_path = ".status.location", priority = "1"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct SocialPlatformBackupSpec {
    /// The platform to back up, in the same namespace. It says in `spec.backup` where backups go.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("platformRef is immutable: a backup is made once; create another SocialPlatformBackup"))]
    pub platform_ref: PlatformRef,
}

/// A SocialPlatform in the same namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlatformRef {
    /// Its name.
    #[schemars(length(min = 1, max = 30))]
    pub name: String,
}

/// What became of a backup. Until the operator has looked at it, `observedGeneration` is -1.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("default" = not_looked_at()))]
pub struct SocialPlatformBackupStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Pending`, `Running`, `Completed` (and verified), or `Failed`. The last two are final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<BackupPhase>,

    /// The name under which it is kept, and by which `bootstrap.fromBackup` finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_name: Option<String>,

    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,

    /// When its Job began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,

    /// When it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Time>,

    /// Bytes of the dump and of the photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,

    /// Rows of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,

    /// Objects of photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<i64>,

    /// Objects that the platform had lost before, and knew so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<i64>,

    /// The SHA-256 of its manifest, which holds those of all the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,

    /// Whether it was restored into a scratch database and compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,

    /// `Complete`: whether there is a verified backup, and why not. Only while true: `Reconciling` (it waits, or is being made) and
    /// `Stalled` (there will be none). Only while it is so: `Readable`, false because the operator cannot read what another version
    /// has written, and leaves it alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum BackupPhase {
    /// It waits.
    Pending,
    /// Its Job runs.
    Running,
    /// It is there, and verified.
    Completed,
    /// There is none.
    Failed,
}

impl SocialPlatformBackup {
    /// Will nothing more become of it?
    pub fn is_over(&self) -> bool {
        let phase = self.status.as_ref().and_then(|status| status.phase);
        matches!(phase, Some(BackupPhase::Completed | BackupPhase::Failed))
    }

    /// Is it there and verified?
    pub fn is_verified(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.phase == Some(BackupPhase::Completed) && status.verified == Some(true))
    }
}
