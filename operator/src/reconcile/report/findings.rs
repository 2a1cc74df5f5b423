//! What is true of a platform, in the words of conditions. Pure.

mod autoscaling;
mod backups;
mod certificate;
mod database;
mod hibernation;
mod object_store;
mod ready;
mod storage;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

use super::status::{View, Write};
use crate::migration::reason_of;
use crate::platform::{Exposure, Observability, Platform};
use crate::reconcile::Cluster;
use crate::reconcile::apply::{self, Outcome, Progress};
use crate::reconcile::conditions::{
    AWAITING_APPROVAL, BACKUP_RESTORED, DATABASE_MIGRATED, DEVELOPMENT_ONLY, EXPOSED, Finding, HIBERNATED, MONITORED,
    OBJECT_STORE_REACHABLE, PAUSED, READY, RECONCILING, SECRETS_RESOLVED, STALLED, Truth,
};
use crate::reconcile::validate::{Problem, is_for_development};
use crate::resources::http_route::HttpRoute;
use ready::{SERVICES_MISSING, all_available, is_about_pods, is_stuck, ready, rolling_out};

/// The migration runs.
pub(super) const MIGRATING: &str = "Migrating";
/// A backup is being restored.
pub(super) const RESTORING: &str = "Restoring";
/// Somebody asked for it.
const REQUESTED: &str = "Requested";
/// The API server says no to an object, and will again.
const APPLY_REFUSED: &str = "ApplyRefused";
/// The API server does not take an object; it is tried again.
pub(super) const APPLY_FAILED: &str = "ApplyFailed";
/// Nobody asked for it.
pub(super) const NOT_REQUESTED: &str = "NotRequested";

/// The conditions of a platform. What was not looked at is as it was.
pub(super) fn findings(cluster: &Cluster, view: View<'_>, old: &[Condition]) -> Vec<Finding> {
    let as_before = || [DATABASE_MIGRATED, OBJECT_STORE_REACHABLE, EXPOSED].map(|type_| carried(old, type_));
    let mut findings: Vec<Finding> = match view {
        View::Refused(problems) => [not_ready(problems), secrets(problems)].into_iter().chain(as_before()).collect(),
        View::Unwritten(platform, error, write) => {
            let reason = match write {
                Write::Refused => APPLY_REFUSED,
                Write::Failed => APPLY_FAILED,
            };
            let ready = Finding::new(READY, Truth::False, reason, error);
            [ready, secrets(platform.without_backups.as_slice())].into_iter().chain(as_before()).collect()
        }
        View::Paused => {
            // Pods come and go, whoever looks after them.
            let deployments = cluster.children.deployments.iter().map(|deployment| &**deployment);
            let ready = match (rolling_out(deployments), carried(old, READY)) {
                (Some(waiting), _) => waiting,
                (None, before) if is_about_pods(&before) => all_available(),
                (None, before) => before,
            };
            [ready, carried(old, SECRETS_RESOLVED)].into_iter().chain(as_before()).collect()
        }
        View::Applied(platform, outcome) => {
            let migrated = migrated(platform, outcome, old);
            let exposed = match apply::is_open(platform, &outcome.progress, &outcome.resources.deployments) {
                true => exposed(platform, &outcome.resources.http_routes),
                false => carried(old, EXPOSED),
            };
            let database = database::database(platform, outcome);
            let in_the_way = database.as_ref().filter(|database| database::is_in_the_way(database, &migrated));
            let certificate = certificate::certificate(cluster, platform, outcome);
            let ready = || ready(platform, outcome, in_the_way, &migrated, &exposed, certificate.as_ref());
            let ready = storage::going(cluster).or_else(|| hibernation::asleep(cluster, outcome)).unwrap_or_else(ready);
            let mut findings =
                vec![ready, secrets(platform.without_backups.as_slice()), migrated, object_store::object_store(outcome, old), exposed];
            findings.extend(certificate);
            findings.extend(database);
            findings.extend(database::rotation(cluster, platform));
            findings
        }
    };
    if !matches!(view, View::Applied(..)) {
        findings.extend(certificate::before(old));
        findings.extend(database::before(old));
    }
    findings.push(development(cluster));
    findings.extend(backups::restored(cluster, view, old));
    findings.extend(match view {
        View::Applied(Platform { without_backups: Some(problem), .. }, _)
        | View::Unwritten(Platform { without_backups: Some(problem), .. }, ..) => Some(backups::held_up(problem)),
        _ => backups::backed_up(cluster),
    });
    findings.extend(autoscaling::autoscaling(cluster));
    findings.extend(match view {
        View::Applied(platform, outcome) => monitored(&platform.observability, outcome.unwritten.monitoring.as_ref()),
        View::Refused(_) | View::Unwritten(..) | View::Paused => monitored_before(old),
    });
    findings.extend(match view {
        View::Applied(_, outcome) => storage::refused(&outcome.unwritten.volumes),
        View::Refused(_) | View::Unwritten(..) | View::Paused => storage::before(old),
    });
    let of_the_moment = of_the_moment(cluster, view, &findings);
    findings.extend(of_the_moment);
    findings
}

/// The conditions that are only there while they are true, given the others, of which `Ready` is the first.
fn of_the_moment(cluster: &Cluster, view: View<'_>, others: &[Finding]) -> Vec<Finding> {
    let ready = &others[0];
    let mut findings = Vec::new();
    if matches!(view, View::Paused) {
        let message = "lifecycle.paused is true: nothing is changed, whatever the spec says, until it is false";
        findings.push(Finding::new(PAUSED, Truth::True, REQUESTED, message));
    }
    if cluster.resource.is_hibernated() {
        let message = "lifecycle.hibernated is true: no pod is to run until it is false; data, addresses and keys stay";
        findings.push(Finding::new(HIBERNATED, Truth::True, REQUESTED, message));
    }
    match view {
        View::Refused(problems) => {
            let stalled = problems.iter().find(|problem| problem.stalled);
            findings.extend(stalled.map(|problem| Finding::new(STALLED, Truth::True, problem.reason, &*problem.message)));
        }
        View::Unwritten(_, error, Write::Refused) => findings.push(Finding::new(STALLED, Truth::True, APPLY_REFUSED, error)),
        View::Unwritten(_, error, Write::Failed) => findings.push(Finding::new(RECONCILING, Truth::True, APPLY_FAILED, error)),
        // Nothing else is made before the backup is restored, and that is not tried again by itself.
        View::Applied(_, Outcome { progress: Progress::RestoreFailed { .. }, .. }) => {
            let why = others.iter().find(|other| other.type_ == BACKUP_RESTORED).unwrap_or(ready);
            findings.push(Finding { type_: STALLED, truth: Truth::True, ..why.clone() });
        }
        View::Applied(_, Outcome { progress: Progress::MigrationFailed { retry_at: None, .. }, .. }) => {
            let why = others.iter().find(|other| other.type_ == DATABASE_MIGRATED).unwrap_or(ready);
            findings.push(Finding { type_: STALLED, truth: Truth::True, ..why.clone() });
        }
        // The next attempt may bring them back.
        View::Applied(_, Outcome { progress: Progress::MigrationFailed { .. }, .. }) if ready.reason == SERVICES_MISSING => {
            findings.push(Finding { type_: RECONCILING, truth: Truth::True, ..ready.clone() });
        }
        // As for a Secret that is missing: nothing is on its way, and nothing has failed.
        View::Applied(_, Outcome { progress: Progress::AwaitingApproval, .. }) if ready.reason == AWAITING_APPROVAL => {}
        View::Applied(..) if is_stuck(ready) || storage::is_about_data(ready) => {
            findings.push(Finding { type_: STALLED, truth: Truth::True, ..ready.clone() })
        }
        View::Applied(..) if ready.truth != Truth::True => {
            findings.push(Finding { type_: RECONCILING, truth: Truth::True, ..ready.clone() });
        }
        View::Applied(..) | View::Paused => {}
    }
    findings
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

fn migrated(platform: &Platform, outcome: &Outcome, old: &[Condition]) -> Finding {
    let version = &platform.version;
    let job = outcome.resources.migration.name_any();
    let finding = |truth, reason: &str, message: String| Finding::new(DATABASE_MIGRATED, truth, reason, message);
    match &outcome.progress {
        Progress::WaitingForStores(names) => {
            let message = format!("the migration starts when this storage answers: {}", names.join(", "));
            finding(Truth::Unknown, "WaitingForStorage", message)
        }
        Progress::Restoring => finding(Truth::Unknown, RESTORING, "the migration starts when the backup is restored".to_owned()),
        Progress::RestoreFailed { message, .. } => {
            let (reason, _) = reason_of(message, "RestoreFailed");
            let message = "no migration before the backup is restored; see the condition BackupRestored".to_owned();
            finding(Truth::Unknown, reason, message)
        }
        Progress::AwaitingApproval => {
            let message = format!(
                "release {version} waits for your approval: set spec.database.migrations.approvedVersion to {version}; the services run \
                 as before"
            );
            finding(Truth::False, AWAITING_APPROVAL, message)
        }
        Progress::Migrating => finding(Truth::False, MIGRATING, format!("Job {job} brings the database to version {version}")),
        Progress::MigrationFailed { message, attempts, retry_at } => {
            let (reason, message) = reason_of(message, "MigrationFailed");
            let failed = match object_store::is_about_store(reason) {
                true => format!("Job {job} has not begun to bring the database to version {version}: {message}"),
                false => format!("Job {job} could not bring the database to version {version}: {message}"),
            };
            let next = match retry_at {
                Some(at) => format!("the next attempt starts at {at}"),
                None => given_up(&job, *attempts),
            };
            finding(Truth::False, reason, format!("{failed}; the services run as before; {next}"))
        }
        Progress::Migrated => finding(Truth::True, "Migrated", format!("the database fits version {version}")),
        Progress::Hibernated => carried(old, DATABASE_MIGRATED),
    }
}

/// What is said of a migration that has failed as often as it may, in whose last `job` it did.
fn given_up(job: &str, attempts: u32) -> String {
    let failed = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    format!(
        "it is not tried again: {failed} failed; put it right, and then delete Job {job} or raise \
         spec.database.migrations.backoffLimit"
    )
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

/// What became of dashboards, alerts and ServiceMonitors, where any was asked for. A platform is Ready without them.
fn monitored(wanted: &Observability, unwritten: Option<&apply::Error>) -> Option<Finding> {
    if let Some(error) = unwritten {
        return Some(Finding::new(MONITORED, Truth::False, APPLY_FAILED, error.to_string()));
    }
    let Observability { dashboards, alerts, service_monitors, served, .. } = *wanted;
    if (alerts || service_monitors) && !served {
        let message = "the cluster does not know PrometheusRules and ServiceMonitors: install the Prometheus operator's CRDs, or \
                       disable observability.alerts and observability.serviceMonitors";
        return Some(Finding::new(MONITORED, Truth::False, "PrometheusOperatorMissing", message));
    }
    let made = "what observability asks for is there";
    (dashboards || alerts || service_monitors).then(|| Finding::new(MONITORED, Truth::True, "Applied", made))
}

/// The same as it was, if it was.
fn monitored_before(old: &[Condition]) -> Option<Finding> {
    old.iter().any(|old| old.type_ == MONITORED).then(|| carried(old, MONITORED))
}

fn development(cluster: &Cluster) -> Finding {
    match is_for_development(&cluster.resource) {
        true => {
            let message = "a store of mode Development is one pod with one volume and no backup: keep nothing in it that matters";
            Finding::new(DEVELOPMENT_ONLY, Truth::True, "DevelopmentStorage", message)
        }
        false => Finding::new(DEVELOPMENT_ONLY, Truth::False, "ExternalStorage", "no storage is for development only"),
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
