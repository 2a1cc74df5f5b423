//! Step 2: the resource becomes a [`Platform`], or a list of what is wrong with it. Pure.
//!
//! What a CEL rule can say, the API server has already refused; here is what takes a look at Secrets and at the catalog.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource, ResourceExt};

use super::Cluster;
use super::conditions::{READY, SECRETS_RESOLVED};
use crate::crd::{DatabaseMode, DatabaseSpec, ExposureMode, ObjectStoreMode, ObservabilitySpec, Scheme, SocialPlatform, Switch};
use crate::migration::{Allowance, attempts};
use crate::platform::{Endpoint, Observability, Platform};
use crate::version::is_downgrade;

mod backups;
mod exposure;
mod generated;
mod overrides;
mod peers;
mod quantities;
mod secrets;
mod settings;
mod sizes;

/// Something that keeps a resource from being brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The condition that it is the reason of.
    pub condition: &'static str,
    /// In CamelCase, for machines.
    pub reason: &'static str,
    /// What to do, for people.
    pub message: String,
    /// Whether only a change of the resource or of the operator helps. Otherwise it is looked at again by itself.
    pub stalled: bool,
}

impl Problem {
    fn in_spec(reason: &'static str, message: String) -> Self {
        Self { condition: READY, reason, message, stalled: true }
    }

    fn in_secret(reason: &'static str, message: String) -> Self {
        Self { condition: SECRETS_RESOLVED, reason, message, stalled: false }
    }
}

/// Collects problems, so that a person sees all of them at once.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn note<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.0.push(problem)).ok()
    }
}

/// Makes a [`Platform`] of the resource.
pub fn validate(cluster: &Cluster) -> Result<Platform, Vec<Problem>> {
    let platform = platform(cluster)?;
    let mut problems = overrides::check(&platform);
    problems.extend(exposure::check(&platform));
    if problems.is_empty() { Ok(platform) } else { Err(problems) }
}

fn platform(cluster: &Cluster) -> Result<Platform, Vec<Problem>> {
    let resource = &*cluster.resource;
    let spec = &resource.spec;
    let mut problems = Problems::default();

    let owner = problems.note(owner(resource));
    let image = problems.note(image(cluster));
    let database = problems.note(secrets::database(cluster));
    let object_store = problems.note(secrets::object_store(cluster));
    let (backup, without_backups) = match backups::backup(cluster) {
        // Nobody who uses the platform waits for a backup.
        Err(problem) if problem.condition == SECRETS_RESOLVED => (Some(None), Some(problem)),
        other => (problems.note(other), None),
    };
    let origin = problems.note(backups::origin(cluster));
    let rotation = problems.note(generated::rotation(cluster));
    let stored = problems.note(generated::stored(cluster, rotation.as_ref()));
    let sizes = problems.note(sizes::sizes(spec.components.as_ref(), cluster.apis));
    let upgrade = problems.note(upgrade(resource));
    let mail = problems.note(settings::mail(cluster));
    let trust = problems.note(settings::trust(cluster));
    let otlp = spec.observability.as_ref().and_then(|observability| observability.otlp_endpoint.as_deref());
    let otlp = problems.note(otlp.map(|url| endpoint("observability.otlpEndpoint", url)).transpose());
    let peers = problems.note(peers::all(spec));

    match (owner, image, database, object_store, backup, origin, rotation, stored, sizes, upgrade, mail, trust, (otlp, peers)) {
        (
            Some(owner),
            Some(image),
            Some(database),
            Some(object_store),
            Some(backup),
            Some(origin),
            Some(rotation),
            Some(stored),
            Some(sizes),
            Some(()),
            Some(mail),
            Some(trust),
            (Some(otlp), Some(peers)),
        ) => Ok(Platform {
            name: resource.name_any(),
            namespace: cluster.namespace(),
            owner,
            version: spec.version.clone(),
            image,
            image_pull_policy: spec.image_pull_policy,
            image_pull_secrets: spec.image_pull_secrets.iter().flatten().map(|secret| secret.name.clone()).collect(),
            scheduling: spec.scheduling.clone().unwrap_or_default(),
            url: url(resource),
            domain: spec.domain.clone(),
            hibernated: resource.is_hibernated(),
            deletion_policy: spec.lifecycle.as_ref().and_then(|it| it.deletion_policy).unwrap_or_default(),
            database,
            max_connections: max_connections(&spec.database),
            migration_deadline_seconds: spec.database.migration_deadline_seconds(),
            allowance: Allowance { approved: spec.database.approves(&spec.version), retries: spec.database.migration_retries() },
            object_store,
            backup,
            without_backups,
            origin,
            exposure: exposure::exposure(&spec.exposure, cluster.http_routes_served),
            tls: spec.exposure.tls.as_ref().map(|wanted| exposure::tls(wanted, &resource.name_any(), cluster.cert_manager_served)),
            public_from: peers.public_from,
            metrics_from: peers.metrics_from,
            egress: peers.egress,
            otlp,
            observability: observability(spec.observability.as_ref(), cluster.monitoring_served),
            trusted_proxy_hops: spec.trusted_proxy_hops.unwrap_or(1),
            registration: spec.registration.as_ref().map(|registration| registration.mode),
            moderation: spec.moderation.clone().unwrap_or_default(),
            erasure_grace_days: spec.accounts.as_ref().and_then(|accounts| accounts.erasure_grace_days),
            photos: spec.photos.clone().unwrap_or_default(),
            mail,
            trust,
            sizes,
            stored,
            rotation,
            is_migrated: resource.status.as_ref().is_some_and(|status| status.migration.is_some()),
            attempts: attempts(&cluster.children.jobs),
            now: cluster.now,
        }),
        _ => Err(problems.0),
    }
}

/// What the server takes: PostgreSQL's own default, or what we set it up with.
fn max_connections(database: &DatabaseSpec) -> i32 {
    database.max_connections.unwrap_or(match database.mode {
        DatabaseMode::External => 100,
        DatabaseMode::CloudNativePg | DatabaseMode::Development => 200,
    })
}

/// Where people reach the platform.
pub fn url(resource: &SocialPlatform) -> String {
    let exposure = &resource.spec.exposure;
    let tls = exposure.tls.is_some();
    let scheme = match (exposure.scheme, exposure.mode) {
        (Some(Scheme::Http), _) => "http",
        (Some(Scheme::Https), _) => "https",
        (None, ExposureMode::Ingress) if !tls => "http",
        (None, _) => "https",
    };
    format!("{scheme}://{}", resource.spec.domain)
}

/// Is a store in use that is no place for people's data?
pub fn is_for_development(resource: &SocialPlatform) -> bool {
    resource.spec.database.mode == DatabaseMode::Development || resource.spec.object_store.mode == ObjectStoreMode::Development
}

fn owner(resource: &SocialPlatform) -> Result<OwnerReference, Problem> {
    resource
        .controller_owner_ref(&())
        .ok_or_else(|| Problem::in_spec("NotStored", "the resource has no uid: it has to come from the API server".to_owned()))
}

/// The image of the release: that of the resource, of the catalog, or the one that runs it already. A new operator has a new catalog, and
/// what runs is looked after until somebody asks for another release.
fn image(cluster: &Cluster) -> Result<String, Problem> {
    let spec = &cluster.resource.spec;
    let known = spec.image.clone().or_else(|| cluster.images.get(&spec.version).cloned());
    known.or_else(|| running_image(&cluster.resource)).ok_or_else(|| {
        let known: Vec<_> = cluster.images.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!(
            "version {} is not in the operator's catalog of images (it has: {known}); choose one of these, add it to \
             the chart's `images`, or set spec.image",
            spec.version
        );
        Problem::in_spec("UnknownVersion", message)
    })
}

/// The image of the version, if a service runs it already.
pub fn running_image(resource: &SocialPlatform) -> Option<String> {
    let mut rows = resource.status.iter().flat_map(|status| &status.components);
    rows.find(|row| row.version.as_ref() == Some(&resource.spec.version)).map(|row| row.image.clone())
}

/// No migration goes backwards: code from before the running release may not know what it finds in the database.
fn upgrade(resource: &SocialPlatform) -> Result<(), Problem> {
    let wanted = &resource.spec.version;
    match resource.status.as_ref().and_then(|status| status.version.as_ref()) {
        Some(running) if is_downgrade(running, wanted) => {
            let message = format!(
                "version {wanted} is older than {running}, which runs: no migration goes backwards; set spec.version to {running} or \
                 newer, or restore a backup from before the upgrade as another SocialPlatform"
            );
            Err(Problem::in_spec("DowngradeRefused", message))
        }
        _ => Ok(()),
    }
}

/// The values of a Secret that are text.
pub(super) fn values(secret: &Secret) -> BTreeMap<String, String> {
    let data = secret.data.clone().unwrap_or_default();
    data.into_iter().filter_map(|(key, value)| Some((key, String::from_utf8(value.0).ok()?))).collect()
}

fn observability(spec: Option<&ObservabilitySpec>, served: bool) -> Observability {
    let spec = spec.cloned().unwrap_or_default();
    let is_wanted = |switch: Option<Switch>| switch == Some(Switch::Enabled);
    Observability {
        trace_sampling: spec.trace_sampling,
        traces_per_second: spec.traces_per_second,
        log: spec.log,
        dashboards: is_wanted(spec.dashboards),
        alerts: is_wanted(spec.alerts),
        service_monitors: is_wanted(spec.service_monitors),
        runbook_base: spec.runbook_base.map(|base| base.trim_end_matches('/').to_owned()),
        labels: spec.monitoring_labels.unwrap_or_default(),
        served,
    }
}

/// A base URL and the port that it means.
fn endpoint(field: &str, url: &str) -> Result<Endpoint, Problem> {
    let uri: Option<http::Uri> = url.parse().ok();
    let authority = uri.as_ref().and_then(http::Uri::authority);
    // A port that is no number reads as no port at all.
    let says_port = authority.is_some_and(|it| it.as_str().rsplit(']').next().is_some_and(|rest| rest.contains(':')));
    let port = match uri.as_ref().and_then(http::Uri::scheme_str) {
        Some("http" | "https") if says_port => authority.and_then(|authority| authority.port_u16()),
        Some("https") => authority.map(|_| 443),
        Some("http") => authority.map(|_| 80),
        _ => None,
    };
    match port {
        Some(port) => Ok(Endpoint { url: url.trim_end_matches('/').to_owned(), port }),
        None => {
            let message = format!("{field} is {url:?}: write a URL such as http://host:4318");
            Err(Problem::in_spec("InvalidEndpoint", message))
        }
    }
}

#[cfg(test)]
mod tests;
