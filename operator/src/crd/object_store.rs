use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PeerSpec, SecretRef};

/// Where the bytes of photos are kept.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.mode != 'External' || (has(self.external) && !has(self.development))")
        .message("objectStore.mode External needs the block objectStore.external, and no other"),
    validation = Rule::new("self.mode != 'Development' || (has(self.development) && !has(self.external))")
        .message("objectStore.mode Development needs the block objectStore.development, and no other")
)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStoreSpec {
    /// `External`: any store that speaks S3. `Development`: one pod with one volume, for a laptop.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("objectStore.mode is immutable: photos do not move by themselves; make another SocialPlatform and copy them"))]
    pub mode: ObjectStoreMode,

    /// The store of mode External.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalObjectStoreSpec>,

    /// The store of mode Development.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<DevelopmentObjectStoreSpec>,
}

/// Who runs the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ObjectStoreMode {
    /// Someone else.
    External,
    /// The operator, in one pod.
    Development,
}

/// A bucket that someone else keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalObjectStoreSpec {
    /// The base URL of the store, such as `https://s3.eu-central-1.amazonaws.com`; buckets are addressed by path. Its
    /// port is the one that NetworkPolicies open for the photo service, and for the migration, which tries the store first.
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^/?#\s]+/?$"))]
    pub endpoint: String,

    /// The base URL under which people's browsers reach the same store. Where it is set, large files may be uploaded straight
    /// there; the bucket has to allow `PUT` from the platform's origin (CORS).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^/?#\s]+/?$"))]
    pub public_endpoint: Option<String>,

    /// The bucket, which must exist.
    #[schemars(length(min = 3, max = 63), regex(pattern = r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$"))]
    pub bucket: String,

    /// The region that requests are signed for, such as `eu-central-1`. Stores without regions take `us-east-1`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: String,

    /// The Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, which may read, write and delete the
    /// bucket's objects.
    pub credentials_secret_ref: SecretRef,

    /// Where it is: the only addresses or pods that may be called at its port, where the cluster enforces NetworkPolicies. Anywhere
    /// unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,
}

/// One pod that keeps objects on a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DevelopmentObjectStoreSpec {
    /// The size of its volume, such as `5Gi`. It grows where its StorageClass lets it; less than it has changes nothing.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[0-9]+(\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$"))]
    pub storage: String,
}
