//! Where rows are.

use k8s_openapi::api::core::v1::ResourceRequirements;

use super::Connection;

/// The name of the database that CloudNativePG makes, and of its owner.
pub const CLUSTER_DATABASE: &str = "social";

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
