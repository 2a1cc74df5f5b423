//! A `SocialPlatform` whose values cannot be wrong: what [`validate`](crate::reconcile::validate) makes of the resource
//! and of the Secrets it refers to. Builders see nothing else.

mod backup;
mod connection;
mod database;
mod exposure;
mod object_store;
mod observability;
mod outside;
mod size;

use std::collections::BTreeMap;

use contracts::Service;
use jiff::Timestamp;
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::crd::{DeletionPolicy, ImagePullPolicy, ModerationSpec, PhotosSpec, RegistrationMode, SchedulingSpec};
use crate::migration::{Allowance, Attempt};
use crate::reconcile::validate::Problem;
use crate::rotation::Rotation;
use crate::secrets::Stored;

pub use backup::{Backup, Destination, Origin};
pub use connection::Connection;
pub use database::{CLUSTER_DATABASE, CloudNativePg, Database};
pub use exposure::{Exposure, Issuer, Tls};
pub use object_store::ObjectStore;
pub use observability::Observability;
pub use outside::{Endpoint, Mail, Outside, Trust};
pub use size::{Autoscaling, Scale, Size};

/// Everything that the builders need to know.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The name of the resource; every object's name begins with it.
    pub name: String,
    /// The namespace of the resource and of every object.
    pub namespace: String,
    /// What makes the garbage collector remove an object with the resource.
    pub owner: OwnerReference,
    /// The release to run.
    pub version: String,
    /// Its image.
    pub image: String,
    /// When nodes pull it.
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// The Secrets with which nodes pull it.
    pub image_pull_secrets: Vec<String>,
    /// On which nodes pods may run.
    pub scheduling: SchedulingSpec,
    /// The host name.
    pub domain: String,
    /// The public URL, without a slash at its end: the issuer of tokens.
    pub url: String,
    /// What happens to volumes and keys when the resource is deleted.
    pub deletion_policy: DeletionPolicy,
    /// Whether no pod is to run.
    pub hibernated: bool,
    /// Where rows are.
    pub database: Database,
    /// The connections that its server takes.
    pub max_connections: i32,
    /// Seconds that one attempt at the migrations may take.
    pub migration_deadline_seconds: i64,
    /// Which attempts at the migrations may start.
    pub allowance: Allowance,
    /// Where bytes are.
    pub object_store: ObjectStore,
    /// Where backups go, if anywhere.
    pub backup: Option<Backup>,
    /// Why none is made though the resource asks for them: everything else goes on without.
    pub without_backups: Option<Problem>,
    /// The backup that it is still to begin with.
    pub origin: Option<Origin>,
    /// How requests come in.
    pub exposure: Exposure,
    /// The certificate of the domain.
    pub tls: Option<Tls>,
    /// Who may call the public port; any pod, if none.
    pub public_from: Option<Vec<NetworkPolicyPeer>>,
    /// Who may call the private port beside the platform itself.
    pub metrics_from: Vec<NetworkPolicyPeer>,
    /// Where things outside are, if the resource says so; the others may be anywhere.
    pub egress: BTreeMap<Outside, Vec<NetworkPolicyPeer>>,
    /// The collector.
    pub otlp: Option<Endpoint>,
    /// Dashboards, alerts and the like.
    pub observability: Observability,
    /// Private certificate authorities.
    pub trust: Option<Trust>,
    /// Who may sign up, if the resource says so.
    pub registration: Option<RegistrationMode>,
    /// How it is kept in order, as far as the resource says so.
    pub moderation: ModerationSpec,
    /// Days in which whoever leaves may think better of it, if the resource says so.
    pub erasure_grace_days: Option<i32>,
    /// How mail leaves.
    pub mail: Option<Mail>,
    /// How large photos may be, as far as the resource says so.
    pub photos: PhotosSpec,
    /// Proxies in front.
    pub trusted_proxy_hops: i32,
    /// The size of each service that does not have the operator's own.
    pub sizes: BTreeMap<Service, Size>,
    /// The generated values that exist.
    pub stored: Stored,
    /// Which of them are in use.
    pub rotation: Rotation,
    /// Whether a migration of this resource has gone through, so that it is known from which release to which it goes.
    pub is_migrated: bool,
    /// The migration Jobs that exist.
    pub attempts: Vec<Attempt>,
    /// The time of this reconcile.
    pub now: Timestamp,
}

impl Platform {
    /// The name of an object of this platform.
    pub fn named(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }
}
