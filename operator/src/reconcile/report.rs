//! Step 5: what was found and done goes into the status, and what changed into events. An unchanged status is not
//! written.

mod backups;
mod certificate;
mod findings;
mod status;
mod unreadable;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::events::{Event, EventType};
use kube::{Resource, ResourceExt};

use super::apply::{self, Outcome, Progress};
use super::conditions::{
    AUTOSCALING, AWAITING_APPROVAL, CERTIFICATE_READY, DATABASE_READY, DEVELOPMENT_ONLY, HIBERNATED, READY, RECONCILING, SECRETS_RESOLVED,
    SECRETS_ROTATED, STALLED, changed,
};
use super::validate::Problem;
use super::{Cluster, Context, said};
use crate::crd::{SocialPlatform, SocialPlatformStatus};
use crate::platform::{Database, Exposure, Platform};
use crate::resources::metadata::MANAGER;
use crate::{certificate_metrics, condition_metrics};
use certificate::{Own, expiry, own};
use status::{View, Write, status};

pub use backups::tell_stray;

/// How soon a Secret that is missing or broken is looked at again; nobody tells us when it is put right.
const SECRET_RETRY: Duration = Duration::from_secs(15);
/// How soon an API that is missing, and that is asked for, is looked for again.
const API_RETRY: Duration = Duration::from_secs(60);

/// The status could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the status of {kind} {name}: {}", said(.source))]
pub struct Error {
    kind: &'static str,
    name: String,
    source: Box<kube::Error>,
}

/// What the controller does next.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// When to look again at the latest, if that is sooner than usual.
    pub within: Option<Duration>,
    /// Whether anything was written.
    pub wrote: bool,
}

/// Reports a resource that cannot be brought about as it is.
pub async fn refuse(context: &Context, cluster: &Cluster, problems: &[Problem]) -> Result<Next, Error> {
    let wrote = write(context, cluster, View::Refused(problems)).await?;
    let why = if problems.iter().any(|problem| problem.stalled) { backups::STALLED } else { backups::WITHOUT_SECRET };
    let told = backups::tell_held_up(context, cluster, why).await?;
    let is_looked_for = |problem: &Problem| !problem.stalled || problem.condition == SECRETS_RESOLVED;
    let within = problems.iter().any(is_looked_for).then_some(SECRET_RETRY);
    Ok(Next { within, wrote: wrote || told })
}

/// Reports a platform that is to be left as it is.
pub async fn pause(context: &Context, cluster: &Cluster) -> Result<Next, Error> {
    let wrote = write(context, cluster, View::Paused).await?;
    let told = backups::tell_held_up(context, cluster, backups::PAUSED).await?;
    Ok(Next { within: None, wrote: wrote || told })
}

/// Reports what `outcome` says, and what will go by itself only if it `is_news`; hands its error on, so that it is tried again.
pub async fn report(
    context: &Context,
    cluster: &Cluster,
    platform: &Platform,
    outcome: Result<Outcome, apply::Error>,
    is_news: bool,
) -> Result<Next, super::Error> {
    match outcome {
        Ok(outcome) => {
            let wrote = write(context, cluster, View::Applied(platform, &outcome)).await?;
            let told = backups::tell(context, cluster, platform, &outcome).await?;
            let within = within(cluster, platform, &outcome);
            let warned = unreadable::tell(context, cluster).await?;
            if let Some(error) = outcome.unwritten.into_error() {
                return Err(super::Error::Unwritten(error));
            }
            Ok(Next { within, wrote: wrote || told || warned || outcome.writes > 0 })
        }
        Err(error) => {
            let why = error.to_string();
            let told = match error.is_refusal() {
                true => tell_unwritten(context, cluster, View::Unwritten(platform, &why, Write::Refused), backups::STALLED).await,
                false if is_news && !error.has_progressed() => {
                    tell_unwritten(context, cluster, View::Unwritten(platform, &why, Write::Failed), backups::UNWRITTEN).await
                }
                false => Ok(()),
            };
            // An API server that takes no object may take no status either; the object is what has to be looked at.
            if let Err(error) = told {
                tracing::warn!(%error, "failed to tell that an object cannot be written");
            }
            Err(error.into())
        }
    }
}

async fn tell_unwritten(context: &Context, cluster: &Cluster, view: View<'_>, why: backups::HeldUp) -> Result<(), Error> {
    write(context, cluster, view).await?;
    backups::tell_held_up(context, cluster, why).await.map(drop)
}

fn within(cluster: &Cluster, platform: &Platform, outcome: &Outcome) -> Option<Duration> {
    let until = |at: Timestamp| Duration::try_from(cluster.now.duration_until(at)).unwrap_or_default() + Duration::from_secs(1);
    let retry = match outcome.progress {
        Progress::MigrationFailed { retry_at: Some(at), .. } => Some(until(at)),
        Progress::Migrated | Progress::AwaitingApproval | Progress::WaitingForStores(_) => is_api_missing(platform).then_some(API_RETRY),
        _ => None,
    };
    let next_backup = platform.backup.as_ref().and_then(|backup| backup.schedule.as_ref()?.after(cluster.now));
    let certificate = match own(cluster) {
        Some(Own::Missing | Own::Unreadable) => Some(SECRET_RETRY),
        Some(Own::Until(at)) if at > cluster.now => Some(until(at)),
        Some(Own::Until(_)) | None => None,
    };
    let credentials = platform.without_backups.as_ref().map(|_| SECRET_RETRY);
    [retry, outcome.rotates_at.map(until), next_backup.map(until), certificate, credentials].into_iter().flatten().min()
}

fn is_api_missing(platform: &Platform) -> bool {
    let no_gateways = matches!(platform.exposure, Exposure::Gateway { served: false, .. });
    let no_certificates = platform.tls.as_ref().and_then(|tls| tls.issuer.as_ref()).is_some_and(|issuer| !issuer.served);
    let no_databases = matches!(&platform.database, Database::CloudNativePg(wanted) if !wanted.served);
    no_gateways || no_certificates || no_databases
}

/// Writes the status if it is another, and tells what changed. Says whether it did.
async fn write(context: &Context, cluster: &Cluster, view: View<'_>) -> Result<bool, Error> {
    let resource = &*cluster.resource;
    let new = status(cluster, view);
    condition_metrics::set(&cluster.namespace(), &resource.name_any(), &new.conditions);
    certificate_metrics::set(&cluster.namespace(), &resource.name_any(), expiry(cluster));
    let old = resource.status.clone().unwrap_or_default();
    if old == new {
        return Ok(false);
    }
    let name = resource.name_any();
    let api: Api<SocialPlatform> = Api::namespaced(context.client.clone(), &cluster.namespace());
    let patch = serde_json::json!({
        "apiVersion": SocialPlatform::api_version(&()),
        "kind": SocialPlatform::kind(&()),
        // Of no other of its name that was made meanwhile.
        "metadata": { "name": name, "uid": resource.metadata.uid },
        "status": new,
    });
    let params = PatchParams::apply(MANAGER).force();
    let written = api.patch_status(&name, &params, &Patch::Apply(patch)).await;
    context.written.remember(&written.map_err(|source| Error { kind: "SocialPlatform", name, source: Box::new(source) })?);
    tell(context, resource, &old, &new);
    Ok(true)
}

/// One event for each condition that changed and says something: `Reconciling` repeats what `Ready` says, and what is not
/// known yet is no news.
fn tell(context: &Context, resource: &SocialPlatform, old: &SocialPlatformStatus, new: &SocialPlatformStatus) {
    let reference = resource.object_ref(&());
    for condition in changed(&old.conditions, &new.conditions) {
        if condition.type_ == RECONCILING || condition.status == "Unknown" {
            continue;
        }
        let event = Event {
            type_: event_type(condition),
            reason: condition.reason.clone(),
            // The API server takes no note above 1 kB.
            note: Some(condition.message.chars().take(250).collect()),
            action: condition.type_.clone(),
            secondary: None,
        };
        context.events.tell(event, reference.clone());
    }
}

fn event_type(condition: &Condition) -> EventType {
    let is_fine = match condition.type_.as_str() {
        STALLED => false,
        READY if condition.reason == findings::APPLY_FAILED => false,
        // Not ready yet is the normal course; what stands in its way has a condition of its own.
        READY | DEVELOPMENT_ONLY | SECRETS_ROTATED => true,
        CERTIFICATE_READY if condition.reason == "NotTakenUp" || condition.reason == "DoesNotExist" => true,
        DATABASE_READY => condition.reason != "CloudNativePGMissing" && condition.reason != "RolesRefused",
        AUTOSCALING if condition.reason == HIBERNATED => true,
        _ => {
            let normal = [findings::NOT_REQUESTED, findings::MIGRATING, findings::RESTORING, AWAITING_APPROVAL];
            condition.status != "False" || normal.contains(&condition.reason.as_str())
        }
    };
    if is_fine { EventType::Normal } else { EventType::Warning }
}
