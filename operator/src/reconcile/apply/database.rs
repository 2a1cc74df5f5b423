//! Whether the database that CloudNativePG runs can be used.

use k8s_openapi::api::core::v1::Secret;

use crate::platform::{Database, Platform};
use crate::resources::postgres_cluster::{PostgresCluster, Waiting};

/// Can the database be used, as far as CloudNativePG says it? `secrets` are the platform's, as they are in the cluster.
pub fn ready(platform: &Platform, clusters: &[PostgresCluster], secrets: &[&[Secret]]) -> Result<(), Waiting> {
    let Database::CloudNativePg(wanted) = &platform.database else { return Ok(()) };
    if !wanted.served {
        let message = "the cluster does not know CloudNativePG: install it, or make another SocialPlatform with another database.mode";
        return Err(Waiting { reason: "CloudNativePGMissing", message: message.to_owned() });
    }
    clusters.iter().try_for_each(|cluster| cluster.ready(&secrets.concat()))
}
