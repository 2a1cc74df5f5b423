use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CloudNativePgSpec;

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
}

/// How the tables of a database are brought to a release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrationsSpec {
    /// Seconds that one attempt may take, the time until its pod starts included; 1800 unless set. What it has not finished is done
    /// by the next attempt. A change is for attempts that have not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 86_400))]
    pub active_deadline_seconds: Option<i64>,
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
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevelopmentDatabaseSpec {
    /// An image with `sh`, `initdb` and `postgres` (15 or newer) on its PATH and a user of the id 999, such as
    /// `docker.io/library/postgres:17`.
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub image: String,

    /// The size of its volume, such as `5Gi`.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[0-9]+(\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$"))]
    #[x_kube(validation = Rule::new("quantity(self).compareTo(quantity(oldSelf)) >= 0")
        .message("storage can only grow: Kubernetes does not shrink volumes"))]
    pub storage: String,
}
