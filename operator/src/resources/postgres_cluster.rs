//! A Cluster of CloudNativePG, with the few fields of it that the operator writes and reads.
//!
//! CloudNativePG makes the roles (`spec.managed.roles`), with the passwords of Secrets that the operator writes; the owner
//! of the database needs no right to make any. It may make a database where backups are made, which are verified in one.

mod ready;
mod roles;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LocalObjectReference, ResourceRequirements, Toleration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::metadata::retained;
use super::scheduling::tolerations;
use crate::components::POSTGRES;
use crate::platform::{CLUSTER_DATABASE, Database, Platform};

use roles::roles;

pub use ready::Waiting;

/// On a Cluster: `on` stops its pods and keeps its volumes. The condition of this type says that none is left.
const HIBERNATION: &str = "cnpg.io/hibernation";
/// On the pods of a Cluster: its name.
pub const CLUSTER_LABEL: &str = "cnpg.io/cluster";
/// On a Secret: a change of it takes effect at once.
pub const RELOAD_LABEL: &str = "cnpg.io/reload";
/// What the name of the Service of the instance that is written to ends with.
pub const READ_WRITE: &str = "-rw";
/// The type that the Secrets of roles must have.
pub const BASIC_AUTH: &str = "kubernetes.io/basic-auth";

/// `spec` of a Cluster.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "postgresql.cnpg.io",
    version = "v1",
    kind = "Cluster",
    root = "PostgresCluster",
    plural = "clusters",
    namespaced,
    schema = "disabled",
    status = "PostgresClusterStatus",
    doc = "A PostgreSQL cluster of CloudNativePG."
)]
#[serde(rename_all = "camelCase")]
pub struct PostgresClusterSpec {
    /// How many instances run.
    #[serde(default)]
    pub instances: i32,
    /// Their image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_name: Option<String>,
    /// Their volumes.
    #[serde(default)]
    pub storage: Storage,
    /// What each asks for and may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// On which nodes they may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// Their PriorityClass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class_name: Option<String>,
    /// PostgreSQL's settings.
    #[serde(default)]
    pub postgresql: Postgresql,
    /// How the database begins.
    #[serde(default)]
    pub bootstrap: Bootstrap,
    /// What CloudNativePG keeps as it is written here.
    #[serde(default)]
    pub managed: Managed,
}

/// On which nodes instances may run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Affinity {
    /// Labels that a node must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that keep none away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerations: Option<Vec<Toleration>>,
}

/// How PostgreSQL is set up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Postgresql {
    /// Setting → value.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// How a database begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initdb: Option<InitDb>,
}

/// An empty database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InitDb {
    /// Its name.
    #[serde(default)]
    pub database: String,
    /// Its owner.
    #[serde(default)]
    pub owner: String,
    /// The Secret with the owner's name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<LocalObjectReference>,
    /// What it takes for letters; only ASCII unless said.
    #[serde(rename = "localeCType", skip_serializing_if = "Option::is_none")]
    pub locale_ctype: Option<String>,
}

/// What CloudNativePG keeps as it is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Managed {
    /// Groups first: they are made in this order, and a login is made a member of its group.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// A role of PostgreSQL, and what somebody else could let it do: whatever the operator does not say of a role, it may not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its name.
    pub name: String,
    /// `present`.
    #[serde(default)]
    pub ensure: String,
    /// Whether it may log in.
    #[serde(default)]
    pub login: bool,
    /// Whether it may do anything; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
    /// Whether it may create databases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    /// Whether it may create roles; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    /// Whether it may read everything as a replica does; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    /// Whether the security of rows does not hold for it; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bypassrls: Option<bool>,
    /// Whose rights it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_roles: Vec<String>,
    /// The Secret with its name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<LocalObjectReference>,
    /// Whether no password opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_password: Option<bool>,
}

/// What CloudNativePG says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresClusterStatus {
    /// How it is, in words.
    #[serde(default)]
    pub phase: String,
    /// Among them `Ready`, and while it sleeps `cnpg.io/hibernation`.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// How far the roles are.
    #[serde(default)]
    pub managed_roles_status: RolesStatus,
}

/// How far the roles are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolesStatus {
    /// State → roles.
    #[serde(default)]
    pub by_status: BTreeMap<String, Vec<String>>,
    /// Role → what PostgreSQL says against it.
    #[serde(default)]
    pub cannot_reconcile: BTreeMap<String, Vec<String>>,
    /// Role → which version of its Secret was applied.
    #[serde(default)]
    pub password_status: BTreeMap<String, PasswordStatus>,
}

/// Which version of a Secret was applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordStatus {
    /// Its `resourceVersion`.
    #[serde(default)]
    pub resource_version: String,
}

/// The Cluster of a platform, if its database is one and the cluster knows them.
pub fn postgres_cluster(platform: &Platform) -> Option<PostgresCluster> {
    let Database::CloudNativePg(wanted) = &platform.database else { return None };
    if !wanted.served {
        return None;
    }
    let mut metadata = retained(platform, POSTGRES, &platform.named(POSTGRES));
    if platform.hibernated {
        metadata.annotations = Some([(HIBERNATION.to_owned(), "on".to_owned())].into());
    }
    let initdb = InitDb {
        database: CLUSTER_DATABASE.to_owned(),
        owner: CLUSTER_DATABASE.to_owned(),
        secret: Some(LocalObjectReference { name: platform.named("database") }),
        locale_ctype: Some("C.UTF-8".to_owned()),
    };
    let affinity = Affinity { node_selector: platform.scheduling.node_selector.clone(), tolerations: tolerations(&platform.scheduling) };
    let spec = PostgresClusterSpec {
        instances: wanted.instances,
        image_name: wanted.image.clone(),
        storage: Storage { size: Some(wanted.storage.clone()), storage_class: wanted.storage_class.clone() },
        resources: wanted.resources.clone(),
        affinity: (affinity != Affinity::default()).then_some(affinity),
        priority_class_name: platform.scheduling.priority_class_name.clone(),
        postgresql: Postgresql { parameters: [("max_connections".to_owned(), platform.max_connections.to_string())].into() },
        bootstrap: Bootstrap { initdb: Some(initdb) },
        managed: Managed { roles: roles(platform) },
    };
    Some(PostgresCluster { metadata, spec, status: None })
}

#[cfg(test)]
mod tests;
