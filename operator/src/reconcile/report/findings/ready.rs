//! Whether a platform that is to serve is ready: the sum of all.

use contracts::Service;
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use super::NOT_REQUESTED;
use crate::platform::Platform;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::{Finding, READY, Truth};
use crate::resources::deployment::{is_available, refusal, replicas, serving_replicas, standstill};

/// Pods are being replaced, or are missing.
const ROLLING_OUT: &str = "RollingOut";
/// Kubernetes refuses to make pods.
const PODS_REFUSED: &str = "PodsRefused";
/// New pods do not come to serve.
const ROLLOUT_STUCK: &str = "RolloutStuck";
/// What served is gone, and what is to serve waits for somebody.
pub(super) const SERVICES_MISSING: &str = "ServicesMissing";

/// `database` and `certificate` are there where they can stand in the way.
pub(super) fn ready(
    platform: &Platform,
    outcome: &Outcome,
    database: Option<&Finding>,
    migrated: &Finding,
    exposed: &Finding,
    certificate: Option<&Finding>,
) -> Finding {
    let all = || outcome.resources.stores.iter().chain(&outcome.resources.deployments);
    if let Some(database) = database {
        return Finding { type_: READY, truth: Truth::False, ..database.clone() };
    }
    // What keeps the storage away for which the migration waits.
    let storage = || rolling_out(outcome.resources.stores.iter()).filter(is_stuck);
    if let (Progress::WaitingForStores(_), Some(stuck)) = (&outcome.progress, storage()) {
        return stuck;
    }
    // While a release waits or fails, the one before is to serve.
    if matches!(outcome.progress, Progress::AwaitingApproval | Progress::MigrationFailed { .. })
        && let Some(missing) = missing(platform, outcome)
    {
        return missing;
    }
    if outcome.progress == Progress::AwaitingApproval
        && let Some(waiting) = rolling_out(all())
    {
        return waiting;
    }
    if migrated.truth != Truth::True {
        return Finding { type_: READY, truth: Truth::False, ..migrated.clone() };
    }
    if let Some(waiting) = rolling_out(all()) {
        return waiting;
    }
    if exposed.truth != Truth::True && exposed.reason != NOT_REQUESTED {
        return Finding { type_: READY, truth: Truth::False, ..exposed.clone() };
    }
    if let Some(certificate) = certificate.filter(|certificate| certificate.truth != Truth::True) {
        return Finding { type_: READY, truth: Truth::False, ..certificate.clone() };
    }
    all_available()
}

/// Not ready, if a service of the release before is gone or sleeps: the operator makes the next one only, and that one waits.
fn missing(platform: &Platform, outcome: &Outcome) -> Option<Finding> {
    let runs = |name: &String| outcome.resources.deployments.iter().any(|it| it.name_any() == *name && replicas(it) > 0);
    let missing: Vec<_> = Service::ALL.map(|service| platform.named(service.name())).into_iter().filter(|name| !runs(name)).collect();
    let (missing_ones, version) = (missing.join(", "), &platform.version);
    let message = match outcome.progress {
        Progress::AwaitingApproval => format!(
            "no pod runs of {missing_ones}, and none is made before release {version} is approved: set \
             spec.database.migrations.approvedVersion to it, or spec.version back to the release that ran"
        ),
        _ => format!(
            "no pod runs of {missing_ones}, and none is made before the migration to release {version} goes through: see the condition \
             DatabaseMigrated, or set spec.version back to the release that ran"
        ),
    };
    (platform.is_migrated && !missing.is_empty()).then(|| Finding::new(READY, Truth::False, SERVICES_MISSING, message))
}

pub(super) fn all_available() -> Finding {
    Finding::new(READY, Truth::True, "AllComponentsAvailable", "every component serves")
}

/// Not ready, if pods are missing; and what Kubernetes says of it, if they do not come.
pub(super) fn rolling_out<'a>(deployments: impl Iterator<Item = &'a Deployment>) -> Option<Finding> {
    let waiting: Vec<_> = deployments.filter(|deployment| !is_available(deployment)).collect();
    if waiting.is_empty() {
        return None;
    }
    let counts: Vec<_> = waiting.iter().map(|it| format!("{} has {} of {}", it.name_any(), serving_replicas(it), replicas(it))).collect();
    let counts = format!("pods that run this version and serve: {}", counts.join(", "));
    let told = |says: fn(&Deployment) -> Option<&str>| {
        waiting.iter().find_map(|it| says(it).map(|words| format!("Deployment {}: {words}; {counts}", it.name_any())))
    };
    let (reason, message) = match (told(refusal), told(standstill)) {
        (Some(refused), _) => (PODS_REFUSED, refused),
        (None, Some(stuck)) => (ROLLOUT_STUCK, stuck),
        (None, None) => (ROLLING_OUT, counts),
    };
    Some(Finding::new(READY, Truth::False, reason, message))
}

/// Is this about pods that are missing?
pub(super) fn is_about_pods(ready: &Finding) -> bool {
    ready.reason == ROLLING_OUT || is_stuck(ready)
}

/// Do pods stay away unless someone acts?
pub(super) fn is_stuck(ready: &Finding) -> bool {
    [PODS_REFUSED, ROLLOUT_STUCK, SERVICES_MISSING].contains(&ready.reason.as_str())
}
