//! WHAT each program of the platform needs: its command, its variables, its ports, whom it calls. One file each.
//!
//! HOW that becomes objects is in [`resources`](crate::resources).

mod auth;
mod backup;
mod migrate;
mod photo;
mod postgres;
mod relation;
mod s3;
mod service;
mod signals;
mod social;
pub mod trust;

use contracts::Service;
use k8s_openapi::api::core::v1::{EnvVar, PodTemplateSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::crd::TopologySpreadSpec;
use crate::platform::{Database, ObjectStore, Outside, Platform, Scale};
use crate::secrets::Credentials;

pub use backup::{BACKUP, PROGRAM_FOLDER, RESTORE, backup, restore};
pub use migrate::migrate;
pub use service::{PRIVATE_PORT, PUBLIC_PORT, PUBLIC_URL};

/// The component that runs the migrations.
pub const MIGRATE: &str = "migrate";
/// The component of `database.mode` Development; in mode CloudNativePG, the name of the cluster.
pub const POSTGRES: &str = "postgres";
/// The component of `objectStore.mode` Development.
pub const S3: &str = "s3";

/// One program of the platform.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name: the end of its objects' names, and their label.
    pub name: &'static str,
    /// Its image.
    pub image: String,
    /// What runs.
    pub command: Vec<String>,
    /// How many.
    pub scale: Scale,
    /// How its pods are spread.
    pub spread: Vec<TopologySpreadSpec>,
    /// What each asks for and may use.
    pub resources: ResourceRequirements,
    /// Its variables, in order: a later one may refer to an earlier one.
    pub env: Vec<EnvVar>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// How Kubernetes learns that it runs and that it serves.
    pub probes: Probes,
    /// Whom it calls. Nothing else lets it through.
    pub calls: Vec<Call>,
    /// The id of the user and the group that it runs as.
    pub user: i64,
    /// Its volume.
    pub disk: Option<Disk>,
    /// Folders that it may write to, and that go with the pod.
    pub scratch: Vec<&'static str>,
    /// A Secret that it reads as files.
    pub secret_files: Option<SecretFiles>,
    /// A ConfigMap that it reads as a file.
    pub config_file: Option<ConfigFile>,
    /// What runs before the pod is asked to end.
    pub before_stop: Option<Vec<String>>,
    /// Seconds that it has to end.
    pub grace_seconds: i64,
    /// What the resource says about its pods beyond all this; merged over them.
    pub overrides: Option<PodTemplateSpec>,
}

/// A port of a component.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Its name in the container and the Service.
    pub name: &'static str,
    /// Its number.
    pub number: u16,
    /// Whether any pod of the cluster may call it, as a gateway must. Otherwise only components that say so may.
    pub open: bool,
}

/// How Kubernetes learns that a component runs and that it serves.
#[derive(Clone, Copy, Debug)]
pub enum Probes {
    /// `/livez` and `/readyz` on the private port.
    Http,
    /// A connection to this port.
    Tcp(u16),
    /// It runs to its end.
    None,
}

/// A call that a component makes.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Whom.
    pub to: Callee,
    /// At which port of the pod.
    pub port: u16,
}

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callee {
    /// Something outside.
    Outside(Outside),
    /// The database of `database.mode` CloudNativePG.
    PostgresCluster,
    /// A component of the platform.
    Component(&'static str),
}

/// A volume that outlives the pod.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Where it is in the container.
    pub path: &'static str,
    /// Its size.
    pub size: String,
}

/// A Secret as files.
#[derive(Clone, Debug)]
pub struct SecretFiles {
    /// The Secret.
    pub secret: String,
    /// The keys that become files.
    pub keys: &'static [&'static str],
    /// The folder.
    pub path: &'static str,
}

/// A key of a ConfigMap as a file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The ConfigMap.
    pub config_map: String,
    /// The key.
    pub key: String,
    /// The name of the file.
    pub name: &'static str,
    /// The folder.
    pub path: &'static str,
}

/// The services, in the order of [`Service::ALL`].
pub fn services(platform: &Platform, credentials: &Credentials) -> Vec<Component> {
    let component = |service| match service {
        Service::Auth => auth::auth(platform, credentials),
        Service::Social => social::social(platform, credentials),
        Service::Photo => photo::photo(platform, credentials),
        Service::Relation => relation::relation(platform, credentials),
    };
    Service::ALL.map(component).into()
}

/// The stores that the platform brings itself.
pub fn stores(platform: &Platform) -> Vec<Component> {
    let mut stores = Vec::new();
    if let Database::Development { image, storage } = &platform.database {
        stores.push(postgres::postgres(platform, image, storage));
    }
    if let ObjectStore::Development { storage } = &platform.object_store {
        stores.push(s3::s3(platform, storage));
    }
    stores
}

/// The call that every user of the database makes.
fn database_call(platform: &Platform, credentials: &Credentials) -> Call {
    let to = match platform.database {
        Database::Development { .. } => Callee::Component(POSTGRES),
        Database::CloudNativePg(_) => Callee::PostgresCluster,
        Database::External(_) => Callee::Outside(Outside::Database),
    };
    Call { to, port: credentials.owner.port }
}

/// The arguments of the platform's executable: everything it can be is in one image.
fn role(name: &str) -> Vec<String> {
    vec!["/social-platform".to_owned(), name.to_owned()]
}

/// Requests and limits, in canonical form.
fn resources(cpu: &str, memory: &str, memory_limit: &str) -> ResourceRequirements {
    let list = |cpu: &str, memory: &str| {
        [("cpu", cpu), ("memory", memory)].map(|(name, value)| (name.to_owned(), Quantity(value.to_owned()))).into()
    };
    ResourceRequirements { claims: None, requests: Some(list(cpu, memory)), limits: Some(list("1", memory_limit)) }
}
