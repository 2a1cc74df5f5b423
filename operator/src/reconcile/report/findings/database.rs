//! What is true of a database that CloudNativePG runs, and of passwords and keys that are being replaced.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::carried;
use super::hibernation::HIBERNATING;
use crate::platform::{Database, Platform};
use crate::reconcile::Cluster;
use crate::reconcile::apply::{Outcome, Progress, ready};
use crate::reconcile::conditions::{DATABASE_READY, Finding, HIBERNATED, SECRETS_ROTATED, Truth};
use crate::resources::postgres_cluster::PostgresCluster;
use crate::rotation::Phase;

/// Whether the database can be used; nothing, if CloudNativePG does not run it.
pub(super) fn database(platform: &Platform, outcome: &Outcome) -> Option<Finding> {
    let Database::CloudNativePg(_) = &platform.database else { return None };
    let finding = |truth, reason: &str, message: String| Some(Finding::new(DATABASE_READY, truth, reason, message));
    if outcome.progress == Progress::Hibernated {
        return match outcome.resources.postgres_clusters.iter().all(PostgresCluster::is_asleep) {
            true => finding(Truth::False, HIBERNATED, "no pod of the database runs; its volumes stay".to_owned()),
            false => finding(Truth::False, HIBERNATING, "CloudNativePG ends the pods of the database; its volumes stay".to_owned()),
        };
    }
    let resources = &outcome.resources;
    match ready(platform, &resources.postgres_clusters, &[&resources.secrets, &resources.new_secrets]) {
        Ok(()) => finding(Truth::True, "ClusterReady", "CloudNativePG runs the database, with every role".to_owned()),
        Err(waiting) => finding(Truth::False, waiting.reason, waiting.message),
    }
}

/// Does this keep the platform from being ready? Not while passwords of a database that serves are being replaced.
pub(super) fn is_in_the_way(database: &Finding, migrated: &Finding) -> bool {
    let is_about_roles = database.reason.starts_with("Roles");
    database.truth != Truth::True && (migrated.truth != Truth::True || !is_about_roles)
}

/// How far the passwords and keys are that `lifecycle.rotation` asks for; nothing, if it does not.
pub(super) fn rotation(cluster: &Cluster, platform: &Platform) -> Option<Finding> {
    let rotation = &platform.rotation;
    let finding = |truth, reason: &str, message: String| Some(Finding::new(SECRETS_ROTATED, truth, reason, message));
    match (rotation.phase, cluster.resource.rotation()) {
        (Phase::Settled, None) => None,
        (Phase::Settled, Some(wanted)) if wanted == rotation.request => {
            finding(Truth::True, "Rotated", format!("the passwords and keys of rotation {wanted:?} are in use"))
        }
        (Phase::Settled, Some(wanted)) => {
            let message = format!("rotation {wanted:?} begins when the database is migrated and nothing of the last is left");
            finding(Truth::False, "Pending", message)
        }
        (Phase::Introduced, _) => {
            let message = format!("the new passwords and keys of rotation {:?} are made known; the old ones are in use", rotation.request);
            finding(Truth::False, "NewSecretsIntroduced", message)
        }
        (Phase::Switched, _) => {
            let message = format!("pods use the new passwords and keys of rotation {:?}; the old ones are accepted, too", rotation.request);
            finding(Truth::False, "OldSecretsAccepted", message)
        }
    }
}

/// The same as they were, if they were.
pub(super) fn before(old: &[Condition]) -> Vec<Finding> {
    let were = [DATABASE_READY, SECRETS_ROTATED].into_iter().filter(|type_| old.iter().any(|old| old.type_ == *type_));
    were.map(|type_| carried(old, type_)).collect()
}
