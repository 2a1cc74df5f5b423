use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CloudNativePgSpec, PeerSpec};

/// Where accounts, posts and everything else but the bytes of photos are kept.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.mode != 'External' || (has(self.external) && !has(self.development) && !has(self.cloudNativePG))")
        .message("database.mode External needs the block database.external, and no other"),
    validation = Rule::new("self.mode != 'Development' || (has(self.development) && !has(self.external) && !has(self.cloudNativePG))")
        .message("database.mode Development needs the block database.development, and no other"),
    validation = Rule::new("self.mode != 'CloudNativePG' || (has(self.cloudNativePG) && !has(self.external) && !has(self.development))")
        .message("database.mode CloudNativePG needs the block database.cloudNativePG, and no other")
)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSpec {
    /// `External`: a PostgreSQL 15 or newer that someone runs. `CloudNativePG`: a cluster that is made for this platform,
    /// where CloudNativePG is installed. `Development`: one pod with one volume and no backup, for a laptop.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("database.mode is immutable: data does not move by itself; make another SocialPlatform and copy it"))]
    pub mode: DatabaseMode,

    /// The database of mode External.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabaseSpec>,

    /// The database of mode CloudNativePG.
    #[serde(rename = "cloudNativePG", skip_serializing_if = "Option::is_none")]
    pub cloud_native_pg: Option<CloudNativePgSpec>,

    /// The database of mode Development.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<DevelopmentDatabaseSpec>,

    /// The connections that the server takes. Of mode External, what `show max_connections` says there, 100 unless set; a
    /// database of mode CloudNativePG or Development is set up so, with 200 unless set. From them follows how many each pod may
    /// hold, two to ten: so that two pods of each service find room, and during a rollout, when there are twice as many for a
    /// moment, as well. With 200 it is ten, with 100 four. Whoever runs more pods gives more than 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 10000))]
    pub max_connections: Option<i32>,

    /// How its tables are brought to a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<MigrationsSpec>,
}

impl DatabaseSpec {
    /// Seconds that one attempt at the migrations may take.
    pub fn migration_deadline_seconds(&self) -> i64 {
        self.migrations.as_ref().and_then(|migrations| migrations.active_deadline_seconds).unwrap_or(1800)
    }

    /// May migrations to this release start, as far as a person is asked?
    pub fn approves(&self, version: &str) -> bool {
        let migrations = self.migrations.as_ref();
        match migrations.and_then(|migrations| migrations.policy).unwrap_or_default() {
            MigrationPolicy::BeforeRollout => true,
            MigrationPolicy::Manual => migrations.and_then(|migrations| migrations.approved_version.as_deref()) == Some(version),
        }
    }

    /// How many times a failed attempt at the migrations is made again by itself; without end, if none.
    pub fn migration_retries(&self) -> Option<u32> {
        self.migrations.as_ref()?.backoff_limit.and_then(|limit| u32::try_from(limit).ok())
    }
}

/// How the tables of a database are brought to a release.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("!has(self.approvedVersion) || (has(self.policy) && self.policy == 'Manual')")
    .message("approvedVersion belongs to the policy Manual: set database.migrations.policy to Manual, or take approvedVersion out"))]
#[serde(rename_all = "camelCase")]
pub struct MigrationsSpec {
    /// What a migration waits for. `BeforeRollout`, unless set: for nobody, it starts as soon as `spec.version` is another.
    /// `Manual`: for `approvedVersion` to be `spec.version`, at the first installation as well. Until then the release before runs
    /// on as it is: no change of the resource reaches the pods of the services, and no backup begins. What stands around them is as
    /// the resource says it, such as NetworkPolicies, and the way in as long as its URL stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<MigrationPolicy>,

    /// The release whose migrations may start, with the policy `Manual`. They may also be run again for the same release, when
    /// something else that goes in has changed, such as a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?$"))]
    pub approved_version: Option<String>,

    /// How many times an attempt that failed is made again by itself. Unless set, again and again, after 30 seconds and then longer,
    /// up to ten minutes, as a database that is down for a minute should not need a person. After the last one the platform is
    /// `Stalled`, while the release before runs on, until `spec.version` or something else that goes in is another, this is
    /// raised, or the failed Job is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 99))]
    pub backoff_limit: Option<i32>,

    /// Seconds that one attempt may take, the time until its pod starts included; 1800 unless set. What it has not finished is done
    /// by the next attempt. A change is for attempts that have not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 86_400))]
    pub active_deadline_seconds: Option<i64>,
}

/// What a migration waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum MigrationPolicy {
    /// For nobody.
    #[default]
    BeforeRollout,
    /// For a person, who approves the release.
    Manual,
}

/// Who runs PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DatabaseMode {
    /// Someone else.
    External,
    /// CloudNativePG, for this platform.
    #[serde(rename = "CloudNativePG")]
    CloudNativePg,
    /// The operator, in one pod.
    Development,
}

/// A PostgreSQL that someone else runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalDatabaseSpec {
    /// The Secret with the keys `host`, `port`, `dbname`, `user` and `password` of the database's owner, as the Secret
    /// `<cluster>-app` of CloudNativePG has them. The owner needs CREATEROLE: each service gets a role of its own.
    pub secret_ref: SecretRef,

    /// Whether connections are encrypted, in PostgreSQL's words; `require` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_mode: Option<SslMode>,

    /// Where it is: the only addresses or pods that may be called at its port, where the cluster enforces NetworkPolicies. Anywhere
    /// unless set, as a policy cannot name a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,
}

/// A Secret in the namespace of the platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRef {
    /// The name of the Secret, in the namespace of the platform. Labelled `socialplatform.dev/reload=true`, a change of
    /// it takes effect at once; otherwise within ten minutes.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
}

/// PostgreSQL's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can.
    Prefer,
    /// Always encrypted; the server's certificate is not checked.
    #[default]
    Require,
    /// Always encrypted, and the server's certificate is good for its host name: signed by an authority of
    /// `trust.caBundleRef`, or by one that everybody trusts.
    #[serde(rename = "verify-full")]
    VerifyFull,
}

impl SslMode {
    /// The value of `sslmode` in a connection URL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// One PostgreSQL pod for development.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DevelopmentDatabaseSpec {
    /// An image with `sh`, `initdb` and `postgres` (15 or newer) on its PATH and a user of the id 999, such as
    /// `docker.io/library/postgres:17`.
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub image: String,

    /// The size of its volume, such as `5Gi`. It grows where its StorageClass lets it; less than it has changes nothing.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[0-9]+(\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$"))]
    pub storage: String,
}
