//! What is true of a platform, in the words of conditions. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

use super::status::View;
use crate::platform::{Exposure, Platform};
use crate::reconcile::Cluster;
use crate::reconcile::apply::{Outcome, Progress};
use crate::reconcile::conditions::{
    DATABASE_MIGRATED, DEVELOPMENT_ONLY, EXPOSED, Finding, READY, RECONCILING, SECRETS_RESOLVED, STALLED, Truth,
};
use crate::reconcile::validate::{Problem, is_for_development};
use crate::resources::deployment::{available_replicas, is_available, replicas};
use crate::resources::http_route::HttpRoute;

/// The migration runs.
pub(super) const MIGRATING: &str = "Migrating";
/// Nobody asked for it.
pub(super) const NOT_REQUESTED: &str = "NotRequested";

/// The conditions of a platform. What was not looked at is as it was.
pub(super) fn findings(cluster: &Cluster, view: View<'_>, old: &[Condition]) -> Vec<Finding> {
    let development = development(cluster);
    match view {
        View::Refused(problems) => {
            let mut findings =
                vec![not_ready(problems), secrets(problems), carried(old, DATABASE_MIGRATED), carried(old, EXPOSED), development];
            let stalled = problems.iter().find(|problem| problem.stalled);
            findings.extend(stalled.map(|problem| Finding::new(STALLED, Truth::True, problem.reason, &*problem.message)));
            findings
        }
        View::ApplyRefused(error) => vec![
            Finding::new(READY, Truth::False, "ApplyRefused", error),
            secrets(&[]),
            carried(old, DATABASE_MIGRATED),
            carried(old, EXPOSED),
            development,
            Finding::new(STALLED, Truth::True, "ApplyRefused", error),
        ],
        View::Applied(platform, outcome) => {
            let migrated = migrated(platform, outcome);
            let exposed = match outcome.progress {
                Progress::Migrated => exposed(platform, &outcome.resources.http_routes),
                _ => carried(old, EXPOSED),
            };
            let ready = ready(outcome, &migrated, &exposed);
            let on_its_way = (ready.truth != Truth::True).then(|| Finding { type_: RECONCILING, truth: Truth::True, ..ready.clone() });
            let mut findings = vec![ready, secrets(&[]), migrated, exposed, development];
            findings.extend(on_its_way);
            findings
        }
    }
}

fn not_ready(problems: &[Problem]) -> Finding {
    let reason = problems.first().map_or("Refused", |problem| problem.reason);
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    Finding::new(READY, Truth::False, reason, messages.join("; "))
}

fn secrets(problems: &[Problem]) -> Finding {
    match problems.iter().find(|problem| problem.condition == SECRETS_RESOLVED) {
        Some(problem) => Finding::new(SECRETS_RESOLVED, Truth::False, problem.reason, &*problem.message),
        None => Finding::new(SECRETS_RESOLVED, Truth::True, "AllFound", "every Secret is there and complete"),
    }
}

fn migrated(platform: &Platform, outcome: &Outcome) -> Finding {
    let version = &platform.version;
    let job = outcome.resources.migration.name_any();
    let finding = |truth, reason: &str, message: String| Finding::new(DATABASE_MIGRATED, truth, reason, message);
    match &outcome.progress {
        Progress::WaitingForStores(names) => {
            let message = format!("the migration starts when this storage answers: {}", names.join(", "));
            finding(Truth::Unknown, "WaitingForStorage", message)
        }
        Progress::Migrating => finding(Truth::False, MIGRATING, format!("Job {job} brings the database to version {version}")),
        Progress::MigrationFailed { message, retry_at } => {
            let (reason, message) = reason_of(message);
            let next = retry_at.map(|at| format!("; the next attempt starts at {at}")).unwrap_or_default();
            let message =
                format!("Job {job} could not bring the database to version {version}: {message}; the services run as before{next}");
            finding(Truth::False, reason, message)
        }
        Progress::Migrated => finding(Truth::True, "Migrated", format!("the database fits version {version}")),
    }
}

/// A termination message may begin with a reason, as in `RolesMissing: run this as a superuser`.
fn reason_of(message: &str) -> (&str, &str) {
    let is_reason = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(|c| c.is_ascii_alphanumeric());
    match message.split_once(": ") {
        Some((reason, rest)) if is_reason(reason) => (reason, rest),
        _ => ("MigrationFailed", message),
    }
}

fn exposed(platform: &Platform, routes: &[HttpRoute]) -> Finding {
    let finding = |truth, reason: &str, message: String| Finding::new(EXPOSED, truth, reason, message);
    match &platform.exposure {
        Exposure::None => {
            let message = "exposure.mode is None: route the host to the Services yourself".to_owned();
            finding(Truth::False, NOT_REQUESTED, message)
        }
        Exposure::Ingress { .. } => finding(Truth::True, "IngressApplied", format!("Ingress {} routes {}", platform.name, platform.domain)),
        Exposure::Gateway { served: false, .. } => {
            let message = "the cluster does not know HTTPRoutes: install the Gateway API's CRDs, or use another exposure.mode";
            finding(Truth::False, "GatewayApiMissing", message.to_owned())
        }
        Exposure::Gateway { .. } => match routes.first().map(HttpRoute::accepted) {
            Some(Ok(())) => finding(Truth::True, "RouteAccepted", format!("HTTPRoute {} routes {}", platform.name, platform.domain)),
            Some(Err(message)) => finding(Truth::False, "RouteNotAccepted", message),
            None => finding(Truth::Unknown, "RouteMissing", "the HTTPRoute is not there yet".to_owned()),
        },
    }
}

fn ready(outcome: &Outcome, migrated: &Finding, exposed: &Finding) -> Finding {
    if migrated.truth != Truth::True {
        return Finding { type_: READY, truth: Truth::False, ..migrated.clone() };
    }
    let all = outcome.resources.stores.iter().chain(&outcome.resources.deployments);
    let waiting: Vec<_> = all
        .filter(|deployment| !is_available(deployment))
        .map(|it| format!("{} has {} of {}", it.name_any(), available_replicas(it), replicas(it)))
        .collect();
    if !waiting.is_empty() {
        let message = format!("pods that run this version and serve: {}", waiting.join(", "));
        return Finding::new(READY, Truth::False, "RollingOut", message);
    }
    if exposed.truth != Truth::True && exposed.reason != NOT_REQUESTED {
        return Finding { type_: READY, truth: Truth::False, ..exposed.clone() };
    }
    Finding::new(READY, Truth::True, "AllComponentsAvailable", "every component serves")
}

fn development(cluster: &Cluster) -> Finding {
    match is_for_development(&cluster.resource) {
        true => {
            let message = "a store of mode Development is one pod with one volume and no backup: keep nothing in it that matters";
            Finding::new(DEVELOPMENT_ONLY, Truth::True, "DevelopmentStorage", message)
        }
        false => Finding::new(DEVELOPMENT_ONLY, Truth::False, "ExternalStorage", "all storage is external"),
    }
}

/// A condition as it was; unknown, if it was not.
fn carried(old: &[Condition], type_: &'static str) -> Finding {
    let Some(old) = old.iter().find(|old| old.type_ == type_) else {
        return Finding::new(type_, Truth::Unknown, "NotReached", "nothing is known yet");
    };
    let truth = match old.status.as_str() {
        "True" => Truth::True,
        "False" => Truth::False,
        _ => Truth::Unknown,
    };
    Finding::new(type_, truth, &old.reason, &*old.message)
}

#[cfg(test)]
mod tests;
