//! What a resource would change in a cluster. Nothing is written, not even to try it.

use std::fmt;
use std::sync::Arc;

use kube::api::Api;
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde_json::Value;

use super::schema::refusals;
use crate::apis::{Apis, knows};
use crate::children::{Children, list_backups};
use crate::crd::{SocialPlatform, SocialPlatformBackup};
use crate::drift::differences;
use crate::migration::is_through;
use crate::reconcile::Cluster;
use crate::reconcile::build::build;
use crate::reconcile::fetch::{Surroundings, gather};
use crate::reconcile::validate::{running_image, validate};
use crate::resources::certificate::Certificate;
use crate::resources::http_route::HttpRoute;
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::postgres_cluster::PostgresCluster;
use crate::resources::{Prepared, Resources};
use crate::rotation::OVERLAP;
use crate::secrets::Placeholder;

/// One object that would become another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its kind and name.
    pub object: String,
    /// What would become of it.
    pub what: What,
}

/// What would become of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It would be made.
    Made,
    /// It would be made, and what comes after it would change, once this release is approved.
    Awaited(String),
    /// These fields of it would change: path, what is there, and what it would be.
    Changed(Vec<(String, Option<Value>, Value)>),
    /// It would be deleted.
    Deleted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Made => write!(f, "+ {}", self.object),
            What::Awaited(version) => {
                let approved = format!("spec.database.migrations.approvedVersion is {version}");
                write!(f, "+ {}, once {approved}; the Deployments of the services wait for it", self.object)
            }
            What::Deleted => write!(f, "- {}", self.object),
            What::Changed(fields) => {
                write!(f, "~ {}", self.object)?;
                let is_secret = self.object.starts_with("Secret ");
                for (path, live, desired) in fields {
                    match (is_secret, live) {
                        (true, _) => write!(f, "\n    {path}")?,
                        (false, None) => write!(f, "\n    {path}: {desired}")?,
                        (false, Some(live)) => write!(f, "\n    {path}: {live} → {desired}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// Asks the cluster what `resource` would change, with `image` for its version if it names none itself; or why it could not
/// be brought about.
pub async fn changes(client: &Client, resource: &SocialPlatform, image: Option<&str>) -> Result<Vec<Change>, String> {
    let name = resource.name_any();
    let namespace = resource.namespace().unwrap_or_else(|| client.default_namespace().to_owned());
    let said = |error: kube::Error| format!("failed to ask the cluster: {error}");
    let stored = Api::<SocialPlatform>::namespaced(client.clone(), &namespace).get_opt(&name).await.map_err(said)?;
    let children = Children::list(client, &namespace, &name).await.map_err(said)?;
    let refused = refusals(resource, stored.as_ref());
    if !refused.is_empty() {
        return Err(refused.join("; "));
    }

    let mut resource = resource.clone();
    // A new one has neither yet.
    resource.metadata.uid = Some(stored.as_ref().and_then(|stored| stored.uid()).unwrap_or_else(|| "uid-of-the-resource".to_owned()));
    resource.metadata.namespace = Some(namespace.clone());
    resource.status = stored.and_then(|stored| stored.status);
    let image = image.map(str::to_owned).or_else(|| running_image(&resource));
    let surroundings = Surroundings {
        backups_served: knows::<SocialPlatformBackup>(client).await.map_err(said)?,
        backups: list_backups(client, &namespace, &name).await.map_err(said)?,
        unreadable_backups: Vec::new(),
        images: image.map(|image| (resource.spec.version.clone(), image)).into_iter().collect(),
        http_routes_served: knows::<HttpRoute>(client).await.map_err(said)?,
        monitoring_served: knows::<PrometheusRule>(client).await.map_err(said)? && knows::<ServiceMonitor>(client).await.map_err(said)?,
        cert_manager_served: knows::<Certificate>(client).await.map_err(said)?,
        cloud_native_pg_served: knows::<PostgresCluster>(client).await.map_err(said)?,
        apis: Apis::of(client).await.map_err(said)?,
        rotation_overlap: OVERLAP,
    };
    let cluster = gather(client, Arc::new(resource), children, surroundings).await.map_err(|error| error.to_string())?;
    let platform = validate(&cluster).map_err(|problems| {
        let messages: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
        messages.join("; ")
    })?;
    Ok(compare(&cluster, &build(&platform, &Placeholder)))
}

fn compare(cluster: &Cluster, prepared: &Resources<Prepared>) -> Vec<Change> {
    let live = live(&cluster.children);
    let desired = prepared.objects();
    let mut changes = Vec::new();
    for object in &desired {
        let there = live.iter().find(|live| title(live) == title(object));
        let what = match there {
            None if is_awaited(cluster, prepared, object) => Some(What::Awaited(cluster.resource.spec.version.clone())),
            None => Some(What::Made),
            // It stays as it was made.
            Some(_) if object["kind"] == "Job" => None,
            Some(live) => Some(differences(object, live)).filter(|fields| !fields.is_empty()).map(What::Changed),
        };
        changes.extend(what.map(|what| Change { object: title(object), what }));
    }
    let uid = cluster.resource.meta().uid.as_deref();
    let orphans = live.iter().filter(|live| is_owned(live, uid)).filter(|live| live["kind"] != "Job");
    let orphans = orphans.filter(|live| !desired.iter().any(|object| title(object) == title(live)));
    changes.extend(orphans.map(|live| Change { object: title(live), what: What::Deleted }));
    changes
}

/// Is this the Job of a migration that a person has to approve first?
fn is_awaited(cluster: &Cluster, prepared: &Resources<Prepared>, object: &Value) -> bool {
    let resource = &cluster.resource;
    let job = prepared.migration.name_any();
    let last = resource.status.as_ref().and_then(|status| status.migration.as_ref());
    object["kind"] == "Job"
        && object["metadata"]["name"] == job.as_str()
        && !resource.spec.database.approves(&resource.spec.version)
        && !is_through(last, &job)
}

fn title(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

fn is_owned(object: &Value, uid: Option<&str>) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten().any(|owner| owner["uid"].as_str() == uid)
}

/// The objects that are there, as JSON.
fn live(children: &Children) -> Vec<Value> {
    // Without `..`: a kind that is added and not compared does not compile.
    let Children {
        service_accounts,
        secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        deployments,
        autoscalers,
        jobs,
        ingresses,
        http_routes,
        prometheus_rules,
        service_monitors,
        certificates,
        postgres_clusters,
    } = children;
    let mut all = Vec::new();
    add(&mut all, service_accounts);
    add(&mut all, secrets);
    add(&mut all, config_maps);
    add(&mut all, network_policies);
    add(&mut all, disruption_budgets);
    add(&mut all, services);
    add(&mut all, volume_claims);
    add(&mut all, deployments);
    add(&mut all, autoscalers);
    add(&mut all, jobs);
    add(&mut all, ingresses);
    add(&mut all, http_routes);
    add(&mut all, prometheus_rules);
    add(&mut all, service_monitors);
    add(&mut all, certificates);
    add(&mut all, postgres_clusters);
    all
}

fn add<K: Serialize>(all: &mut Vec<Value>, objects: &[Arc<K>]) {
    all.extend(objects.iter().map(|object| serde_json::to_value(&**object).expect("objects of Kubernetes are JSON")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::{MigrationPolicy, MigrationsSpec};
    use crate::example::minimal;
    use crate::fixtures::{FixedGenerator, cluster};

    #[test]
    fn a_new_platform_makes_everything_and_a_changed_one_says_what() {
        let mut cluster = cluster(minimal());
        let prepared = build(&validate(&cluster).unwrap(), &FixedGenerator);
        let made = compare(&cluster, &prepared);
        assert_eq!(made.len(), prepared.objects().len());
        assert!(made.iter().all(|change| change.what == What::Made));

        cluster.children.services = prepared.services.iter().cloned().map(Arc::new).collect();
        cluster.children.deployments = prepared.deployments.iter().cloned().map(Arc::new).collect();
        let mut auth = (*cluster.children.deployments[0]).clone();
        auth.spec.as_mut().unwrap().replicas = Some(3);
        auth.metadata.name = Some("demo-auth".to_owned());
        let name = auth.name_any();
        let index = cluster.children.deployments.iter().position(|it| it.name_any() == name).unwrap();
        cluster.children.deployments[index] = Arc::new(auth);
        let mut left_over = prepared.services[0].clone();
        left_over.metadata.name = Some("demo-old".to_owned());
        cluster.children.services.push(Arc::new(left_over));

        let told: Vec<_> = compare(&cluster, &prepared).iter().map(ToString::to_string).collect();
        assert!(told.contains(&"~ Deployment demo-auth\n    .spec.replicas: 3 → 1".to_owned()), "{told:#?}");
        assert!(told.contains(&"- Service demo-old".to_owned()), "{told:#?}");
        assert!(!told.iter().any(|it| it.ends_with("Service demo-auth")), "{told:#?}");
    }
    #[test]
    fn a_migration_that_has_to_be_approved_is_told_as_such() {
        let jobs = |approved_version: Option<&str>| {
            let mut resource = minimal();
            let approved_version = approved_version.map(str::to_owned);
            let manual = MigrationsSpec { policy: Some(MigrationPolicy::Manual), approved_version, ..MigrationsSpec::default() };
            resource.spec.database.migrations = Some(manual);
            let cluster = cluster(resource);
            let changes = compare(&cluster, &build(&validate(&cluster).unwrap(), &FixedGenerator));
            changes.iter().map(ToString::to_string).filter(|told| told.starts_with("+ Job ")).collect::<Vec<_>>()
        };
        let awaited = jobs(None);
        assert!(awaited[0].contains(", once spec.database.migrations.approvedVersion is 1.2.3"), "{awaited:?}");
        assert!(!jobs(Some("1.2.3"))[0].contains("once"));
    }
}
