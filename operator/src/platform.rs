//! A `SocialPlatform` whose values cannot be wrong: what [`validate`](crate::reconcile::validate) makes of the resource
//! and of the Secrets it refers to. Builders see nothing else.

mod connection;

use std::collections::BTreeMap;

use contracts::Service;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PodTemplateSpec, ResourceRequirements};
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::backups::Due;
use crate::crd::{DeletionPolicy, ImagePullPolicy, IssuerKind, MailTls, ParentRef, PhotosSpec, RegistrationMode, TopologySpreadSpec};
use crate::migration::Attempt;
use crate::rotation::Rotation;
use crate::schedule::Schedule;
use crate::secrets::Stored;

pub use connection::Connection;

/// The name of the database that CloudNativePG makes, and of its owner.
pub const CLUSTER_DATABASE: &str = "social";

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
    /// Where bytes are.
    pub object_store: ObjectStore,
    /// Where backups go, if anywhere.
    pub backup: Option<Backup>,
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
    /// The collector.
    pub otlp: Option<Endpoint>,
    /// Dashboards, alerts and the like.
    pub observability: Observability,
    /// Private certificate authorities.
    pub trust: Option<Trust>,
    /// Who may sign up, if the resource says so.
    pub registration: Option<RegistrationMode>,
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

/// Where rows are.
#[derive(Clone, Debug)]
pub enum Database {
    /// A PostgreSQL that someone else runs, as its owner.
    External(Connection),
    /// A cluster that CloudNativePG runs for this platform.
    CloudNativePg(CloudNativePg),
    /// One pod of ours.
    Development {
        /// Its image.
        image: String,
        /// The size of its volume, in canonical form.
        storage: String,
    },
}

/// A cluster of CloudNativePG.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudNativePg {
    /// How many instances run.
    pub instances: i32,
    /// Their image, if it is not CloudNativePG's own.
    pub image: Option<String>,
    /// The size of each one's volume, in canonical form.
    pub storage: String,
    /// The StorageClass.
    pub storage_class: Option<String>,
    /// What each asks for and may use, quantities in canonical form.
    pub resources: Option<ResourceRequirements>,
    /// Whether the cluster knows the kind.
    pub served: bool,
}

/// Where bytes are.
#[derive(Clone, Debug)]
pub enum ObjectStore {
    /// A bucket that someone else keeps.
    External {
        /// The store.
        endpoint: Endpoint,
        /// Its base URL for people's browsers.
        public_endpoint: Option<String>,
        /// The bucket.
        bucket: String,
        /// The region that requests are signed for.
        region: String,
        /// The Secret with the credentials.
        secret: String,
        /// A hash of the credentials, so that pods are replaced when they change.
        fingerprint: String,
    },
    /// One pod of ours.
    Development {
        /// The size of its volume, in canonical form.
        storage: String,
    },
}

/// Where backups go, and which is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// An image with PostgreSQL's programs.
    pub postgres_image: String,
    /// Where they go.
    pub destination: Destination,
    /// When they are made by themselves.
    pub schedule: Option<Schedule>,
    /// How many verified ones of the schedule are kept.
    pub keep: usize,
    /// The one that is to be made now.
    pub due: Option<Due>,
    /// The time for which one is to be created.
    pub slot: Option<Timestamp>,
}

/// A bucket for backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The store.
    pub endpoint: Endpoint,
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with.
    pub prefix: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The Secret with the credentials.
    pub secret: String,
    /// A hash of the credentials.
    pub fingerprint: String,
}

/// A backup to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name under which it is kept.
    pub name: String,
    /// An image with PostgreSQL's programs.
    pub postgres_image: String,
    /// Where it is.
    pub source: Destination,
}

/// Private certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The ConfigMap with their certificates.
    pub config_map: String,
    /// The key.
    pub key: String,
    /// A hash of them, so that pods are replaced when they change.
    pub fingerprint: String,
}

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Whom mail comes from.
    pub from: String,
    /// The Secret with name and password, and a hash of them.
    pub credentials: Option<(String, String)>,
}

/// Something outside that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its base URL, without a slash at its end.
    pub url: String,
    /// Its port, which the NetworkPolicies open.
    pub port: u16,
}

/// How requests come in.
#[derive(Clone, Debug)]
pub enum Exposure {
    /// An Ingress.
    Ingress {
        /// The IngressClass.
        class: Option<String>,
        /// Annotations for the ingress controller.
        annotations: BTreeMap<String, String>,
    },
    /// An HTTPRoute.
    Gateway {
        /// The Gateways to attach to.
        parents: Vec<ParentRef>,
        /// Whether the cluster knows HTTPRoutes.
        served: bool,
    },
    /// Nothing of ours.
    None,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The Secret that holds it.
    pub secret: String,
    /// Whom cert-manager gets it from.
    pub issuer: Option<Issuer>,
}

/// An issuer of cert-manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: IssuerKind,
    /// Whether the cluster knows cert-manager.
    pub served: bool,
}

/// What the operator makes so that people see how the platform does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observability {
    /// The share of new traces that is recorded, if the resource says so.
    pub trace_sampling: Option<String>,
    /// Whether Grafana's dashboards are wanted.
    pub dashboards: bool,
    /// Whether alerts are wanted.
    pub alerts: bool,
    /// Whether a ServiceMonitor is wanted.
    pub service_monitors: bool,
    /// The URL that the pages about alerts are below, if the resource says so; without a slash at its end.
    pub runbook_base: Option<String>,
    /// By which Prometheus selects rules and ServiceMonitors.
    pub labels: BTreeMap<String, String>,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub served: bool,
}

/// The size of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Size {
    /// How many pods run.
    pub scale: Scale,
    /// What each asks for and may use, quantities in canonical form.
    pub resources: Option<ResourceRequirements>,
    /// How they are spread; over nodes, if none.
    pub spread: Option<Vec<TopologySpreadSpec>>,
    /// What is merged over the pods' template, quantities in canonical form.
    pub overrides: Option<PodTemplateSpec>,
}

/// How many pods of a component run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// That many.
    Fixed(i32),
    /// As many as the load asks for.
    Auto(Autoscaling),
}

impl Default for Scale {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl Scale {
    /// The least number of pods.
    pub fn least(self) -> i32 {
        match self {
            Self::Fixed(replicas) => replicas,
            Self::Auto(autoscaling) => autoscaling.least,
        }
    }
}

/// How many pods run under which load; only what the cluster can measure, and at least one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaling {
    /// The least number of pods.
    pub least: i32,
    /// The greatest number of pods.
    pub greatest: i32,
    /// CPU in percent of what is requested.
    pub cpu: Option<i32>,
    /// Memory in percent of what is requested.
    pub memory: Option<i32>,
    /// Requests a second for each pod.
    pub requests: Option<i32>,
}
