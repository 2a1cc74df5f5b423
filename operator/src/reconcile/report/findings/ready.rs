//! Whether a platform is ready: the sum of all.

use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use super::{NOT_REQUESTED, ROLLING_OUT};
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::{Finding, HIBERNATED, READY, Truth};
use crate::resources::deployment::{available_replicas, is_available, replicas, running_replicas};

/// `database` and `certificate` are there where they can stand in the way.
pub(super) fn ready(
    outcome: &Outcome,
    database: Option<&Finding>,
    migrated: &Finding,
    exposed: &Finding,
    certificate: Option<&Finding>,
) -> Finding {
    let all = || outcome.resources.stores.iter().chain(&outcome.resources.deployments);
    if outcome.progress == Progress::Hibernated {
        let (reason, message) = match all().map(running_replicas).sum::<i32>() {
            0 => (HIBERNATED, "no pod runs, as lifecycle.hibernated asks for".to_owned()),
            left => ("Hibernating", format!("{left} pods have not ended yet")),
        };
        return Finding::new(READY, Truth::False, reason, message);
    }
    if let Some(database) = database {
        return Finding { type_: READY, truth: Truth::False, ..database.clone() };
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

pub(super) fn all_available() -> Finding {
    Finding::new(READY, Truth::True, "AllComponentsAvailable", "every component serves")
}

/// Not ready, if pods are missing.
pub(super) fn rolling_out<'a>(deployments: impl Iterator<Item = &'a Deployment>) -> Option<Finding> {
    let waiting: Vec<_> = deployments
        .filter(|deployment| !is_available(deployment))
        .map(|it| format!("{} has {} of {}", it.name_any(), available_replicas(it), replicas(it)))
        .collect();
    let message = format!("pods that run this version and serve: {}", waiting.join(", "));
    (!waiting.is_empty()).then(|| Finding::new(READY, Truth::False, ROLLING_OUT, message))
}
