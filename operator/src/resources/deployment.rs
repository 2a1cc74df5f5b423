//! Pods that run for ever.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStatus, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{owned, selector};
use super::pod;
use crate::components::Component;
use crate::migration::VERSION_LABEL;
use crate::platform::{Platform, Scale};

/// On a Deployment: [`AUTOSCALER`], if that decides how many pods run.
pub const SCALED_BY: &str = "socialplatform.dev/scaled-by";
/// The value of [`SCALED_BY`].
pub const AUTOSCALER: &str = "autoscaler";

/// The pods of a component and how they are replaced. Under an autoscaler it says nothing about their number.
pub fn deployment(platform: &Platform, component: &Component, configuration: &str) -> Deployment {
    let replicas = match (platform.hibernated, component.scale) {
        (true, _) => Some(0),
        (false, Scale::Fixed(replicas)) => Some(replicas),
        (false, Scale::Auto(_)) => None,
    };
    let mut metadata = owned(platform, component.name, &platform.named(component.name));
    if replicas.is_none() {
        metadata.annotations = Some([(SCALED_BY.to_owned(), AUTOSCALER.to_owned())].into());
    }
    // On the Deployment only: a label of its pods can never change.
    if component.image == platform.image {
        metadata.labels.get_or_insert_default().insert(VERSION_LABEL.to_owned(), platform.version.clone());
    }
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas,
            revision_history_limit: Some(3),
            selector: selector(platform, component.name),
            strategy: Some(strategy(component)),
            template: pod::template(platform, component, configuration),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// A new pod serves before an old one goes; but a volume belongs to one pod at a time.
fn strategy(component: &Component) -> DeploymentStrategy {
    match component.disk {
        Some(_) => DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None },
        None => DeploymentStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: Some(RollingUpdateDeployment {
                max_unavailable: Some(IntOrString::Int(0)),
                max_surge: Some(IntOrString::Int(1)),
            }),
        },
    }
}

/// Do all its pods run what was asked for, and serve?
pub fn is_available(deployment: &Deployment) -> bool {
    let desired = replicas(deployment);
    status(deployment).is_some_and(|status| {
        status.updated_replicas.unwrap_or(0) >= desired
            && status.replicas.unwrap_or(0) == status.updated_replicas.unwrap_or(0)
            && status.available_replicas.unwrap_or(0) >= desired
    })
}

/// How many of its pods run what was asked for, and serve: at the least, as those of before count as if all of them served.
pub fn serving_replicas(deployment: &Deployment) -> i32 {
    let Some(status) = status(deployment) else { return 0 };
    let updated = status.updated_replicas.unwrap_or(0);
    let before = status.replicas.unwrap_or(0) - updated;
    (status.available_replicas.unwrap_or(0) - before).min(updated).max(0)
}

/// What Kubernetes says while it refuses to make its pods: Pod Security, a quota, an admission webhook.
pub fn refusal(deployment: &Deployment) -> Option<&str> {
    told(deployment, "ReplicaFailure", "True")
}

/// What Kubernetes says once no further pod has come to serve for ten minutes, which is what a Deployment has unless told
/// otherwise.
pub fn standstill(deployment: &Deployment) -> Option<&str> {
    told(deployment, "Progressing", "False")
}

/// The message of a condition, if it has this status.
fn told<'a>(deployment: &'a Deployment, type_: &str, holds: &str) -> Option<&'a str> {
    let conditions = status(deployment)?.conditions.as_deref()?;
    let found = conditions.iter().find(|condition| condition.type_ == type_ && condition.status == holds)?;
    Some(found.message.as_deref().unwrap_or_default())
}

/// Its status, if that is about what was asked for last.
fn status(deployment: &Deployment) -> Option<&DeploymentStatus> {
    deployment.status.as_ref().filter(|status| status.observed_generation >= deployment.metadata.generation)
}

/// How many pods it should have.
pub fn replicas(deployment: &Deployment) -> i32 {
    deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

/// How many pods of it serve, those of before among them.
pub fn available_replicas(deployment: &Deployment) -> i32 {
    deployment.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0)
}

/// How many pods of it there are, those that are ending among them where Kubernetes counts them (1.35 and newer).
pub fn running_replicas(deployment: &Deployment) -> i32 {
    deployment.status.as_ref().and_then(|status| status.replicas).unwrap_or(0) + terminating_replicas(deployment)
}

/// How many of its pods are ending, where Kubernetes counts them.
pub fn terminating_replicas(deployment: &Deployment) -> i32 {
    deployment.status.as_ref().and_then(|status| status.terminating_replicas).unwrap_or(0)
}

/// Is what was asked for last still within its time (`progressDeadlineSeconds`)?
pub fn is_rolling_out(deployment: &Deployment) -> bool {
    let Some(status) = status(deployment) else { return true };
    status.conditions.iter().flatten().any(|condition| {
        condition.type_ == "Progressing" && condition.status == "True" && condition.reason.as_deref() != Some("NewReplicaSetAvailable")
    })
}

/// The release that it runs, if it is one of ours.
pub fn version(deployment: &Deployment) -> Option<&str> {
    deployment.metadata.labels.as_ref()?.get(VERSION_LABEL).map(String::as_str)
}

/// The image of its first container.
pub fn image(deployment: &Deployment) -> Option<&str> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    pod.containers.first()?.image.as_deref()
}
