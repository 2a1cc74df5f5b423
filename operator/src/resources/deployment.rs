//! Pods that run for ever.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{owned, selector};
use super::pod;
use crate::components::Component;
use crate::platform::Platform;

/// The pods of a component and how they are replaced.
pub fn deployment(platform: &Platform, component: &Component, configuration: &str) -> Deployment {
    Deployment {
        metadata: owned(platform, component.name, &platform.named(component.name)),
        spec: Some(DeploymentSpec {
            replicas: Some(component.replicas),
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
    deployment.status.as_ref().is_some_and(|status| {
        status.observed_generation >= deployment.metadata.generation
            && status.updated_replicas.unwrap_or(0) >= desired
            && status.replicas.unwrap_or(0) == status.updated_replicas.unwrap_or(0)
            && status.available_replicas.unwrap_or(0) >= desired
    })
}

/// How many pods it should have.
pub fn replicas(deployment: &Deployment) -> i32 {
    deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

/// How many of them serve.
pub fn available_replicas(deployment: &Deployment) -> i32 {
    deployment.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0)
}

/// The image of its first container.
pub fn image(deployment: &Deployment) -> Option<&str> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    pod.containers.first()?.image.as_deref()
}
