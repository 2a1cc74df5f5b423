//! What a user may write: the `SocialPlatform` resource, one file per section of its spec, and the `SocialPlatformBackup`.
//!
//! The comments on the fields are the user's reference: they become the descriptions in the CRD. A rule that the API
//! server can check is a CEL rule beside its field; what only the cluster can answer is checked in
//! [`validate`](crate::reconcile::validate).

mod backup;
mod cloud_native_pg;
mod components;
mod database;
mod exposure;
mod lifecycle;
mod moderation;
mod object_store;
mod observability;
mod peer;
mod pod_overrides;
mod scaling;
mod scheduling;
mod settings;
mod status;
mod tls;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use backup::{
    BackupDestinationSpec, BackupPhase, BackupSpec, BootstrapSpec, FromBackupSpec, PlatformRef, SocialPlatformBackup,
    SocialPlatformBackupSpec, SocialPlatformBackupStatus,
};
pub use cloud_native_pg::{CloudNativePgSpec, CloudNativePgStorageSpec};
pub use components::{ComponentSpec, ComponentsSpec, ResourcesSpec};
pub use database::{
    DatabaseMode, DatabaseSpec, DevelopmentDatabaseSpec, ExternalDatabaseSpec, MigrationPolicy, MigrationsSpec, SecretRef, SslMode,
};
pub use exposure::{ExposureMode, ExposureSpec, GatewaySpec, IngressSpec, ParentRef, Scheme};
pub use lifecycle::{DeletionPolicy, LifecycleSpec};
pub use moderation::ModerationSpec;
pub use object_store::{DevelopmentObjectStoreSpec, ExternalObjectStoreSpec, ObjectStoreMode, ObjectStoreSpec};
pub use observability::{ObservabilitySpec, Switch};
pub use peer::{IpBlockSpec, LabelsSpec, PeerSpec};
pub use pod_overrides::PodOverrides;
pub use scaling::{AutoscalingSpec, TopologySpreadSpec, Unsatisfiable};
pub use scheduling::{SchedulingSpec, TaintEffect, TolerationOperator, TolerationSpec};
pub use settings::{AccountsSpec, ConfigMapKeyRef, MailSpec, MailTls, PhotosSpec, RegistrationMode, RegistrationSpec, TrustSpec};
pub use status::{BackupsStatus, ComponentStatus, MigrationStatus, SocialPlatformStatus};
pub use tls::{IssuerKind, IssuerRef, TlsSpec};

/// Who takes an autoscaler away says how many pods are left: 1, the default, may be far fewer than run.
macro_rules! keeps_its_pods {
    ($service:literal) => {
        Rule::new(concat!(
            "!has(oldSelf.components) || !has(oldSelf.components.",
            $service,
            ") || !has(oldSelf.components.",
            $service,
            ".autoscaling) || (has(self.components) && has(self.components.",
            $service,
            ") && (has(self.components.",
            $service,
            ".autoscaling) || has(self.components.",
            $service,
            ".replicas)))"
        ))
        .message(concat!("components.", $service, " had autoscaling: say in replicas how many pods run without it"))
    };
}

/// A social platform: accounts, posts, photos and relations, behind one host name.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "socialplatform.dev",
    version = "v1alpha1",
    kind = "SocialPlatform",
    plural = "socialplatforms",
    shortname = "sp",
    category = "all",
    namespaced,
    status = "SocialPlatformStatus",
    derive = "PartialEq",
    doc = "A social platform: accounts, posts, photos and relations, behind one host name.",
    cel,
    validation = Rule::new("self.metadata.name.size() <= 30")
        .message("metadata.name may have at most 30 characters: it begins the name of every object of the platform"),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name must begin with a letter and hold only a-z, 0-9 and '-': Services are named after it"),
    validation = Rule::new("!self.metadata.name.matches('-(auth|photo|relation|social)$')")
        .message("metadata.name must not end with '-' and the name of a service (auth, photo, relation, social): the platform's Secrets \
                  would have the names of those of the platform that is called the same without it"),
    selectable = ".spec.version",
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Target", type_ = "string", json_path = ".status.targetVersion", priority = "1"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url", priority = "1"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    validation = Rule::new(
        "!has(self.lifecycle) || !has(self.lifecycle.deletionPolicy) || self.lifecycle.deletionPolicy != 'Delete' \
         || (self.database.mode != 'External' && self.objectStore.mode == 'Development')"
    )
    .message(
        "lifecycle.deletionPolicy Delete works with Development storage only, and with a database of CloudNativePG: \
         what lies in an external database or object store is not cleaned up, so use Retain"
    ),
    validation = Rule::new("has(self.bootstrap) == has(oldSelf.bootstrap)")
        .message("bootstrap is immutable: a platform begins once; make another SocialPlatform to begin with a backup"),
    validation = keeps_its_pods!("auth"),
    validation = keeps_its_pods!("photo"),
    validation = keeps_its_pods!("relation"),
    validation = keeps_its_pods!("social")
)]
#[serde(rename_all = "camelCase")]
pub struct SocialPlatformSpec {
    /// The release to run. The operator looks its image up in its catalog (the chart's `images` value), unless `image`
    /// is set. A change migrates the database first, once it is approved where `database.migrations` asks for that, and
    /// then replaces the pods one by one; if the migration fails, the release before goes on serving. A release below
    /// the one that runs is refused: no migration goes backwards.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?$"))]
    pub version: String,

    /// The image to run instead of the catalog's. A digest is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))]
    pub image: Option<String>,

    /// When nodes pull the image; Kubernetes decides by its tag, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,

    /// The Secrets, in the namespace of the platform, with which nodes pull the images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub image_pull_secrets: Option<Vec<PullSecret>>,

    /// On which nodes all pods of the platform may run, and before whom: the services', those of Jobs, those of Development
    /// storage and those of CloudNativePG. What `podOverrides` of a service say of one of these fields takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<SchedulingSpec>,

    /// The host name of the platform, such as `social.example.org`. It is in every token, so it cannot be changed.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"))]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("domain is immutable: tokens and links hold it; make another SocialPlatform for another domain"))]
    pub domain: String,

    /// Whether the platform is looked after, whether it runs, and what happens to the data when the resource is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<LifecycleSpec>,

    /// Where accounts, posts and everything else but the bytes of photos are kept.
    pub database: DatabaseSpec,

    /// Where the bytes of photos are kept.
    pub object_store: ObjectStoreSpec,

    /// Where backups go, and when they are made. Without it there are none. The owner of an external database needs CREATEDB: each
    /// backup is verified in a scratch database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupSpec>,

    /// What the platform begins with; nothing, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<BootstrapSpec>,

    /// How people reach the platform.
    pub exposure: ExposureSpec,

    /// Where traces, metrics and logs go, who may read metrics, and what is made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observability: Option<ObservabilitySpec>,

    /// The size of each service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<ComponentsSpec>,

    /// Who may sign up; everybody unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationSpec>,

    /// How the platform is kept in order: whom to turn to, the rules, and handles that are kept for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<ModerationSpec>,

    /// How accounts end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<AccountsSpec>,

    /// How mail leaves. Without it there is none: no address is verified, and no password is reset by mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSpec>,

    /// How large photos may be, and how much room each person has. The memory that the operator lets pods of photo use grows with
    /// `maxBytes` and `maxPixels`; `components.photo.resources` says it instead. That of backups and restores grows with `maxBytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<PhotosSpec>,

    /// Certificate authorities to trust beside those that everybody trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustSpec>,

    /// How many proxies stand in front of the services, each adding one entry to `X-Forwarded-For`; 1 unless set. The
    /// address that rate limits count by is read that many entries from the right. 0 ignores the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 8))]
    pub trusted_proxy_hops: Option<i32>,
}

// An optional enum's own description would replace its field's in the CRD, so these types have none there.
/// When nodes pull an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum ImagePullPolicy {
    /// At each start of a pod.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never: the image is loaded onto nodes by other means.
    Never,
}

impl ImagePullPolicy {
    /// The word that a container's `imagePullPolicy` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// A Secret with which nodes pull images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PullSecret {
    /// The name of the Secret, of the type `kubernetes.io/dockerconfigjson`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
}

impl SocialPlatform {
    /// Is everything to be left as it is?
    pub fn is_paused(&self) -> bool {
        self.spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.paused).unwrap_or(false)
    }

    /// The text whose change replaces passwords and keys.
    pub fn rotation(&self) -> Option<&str> {
        self.spec.lifecycle.as_ref()?.rotation.as_deref()
    }

    /// Is no pod to run?
    pub fn is_hibernated(&self) -> bool {
        self.spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.hibernated).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
