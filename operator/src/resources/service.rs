//! Addresses within the cluster.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{labels, owned};
use crate::components::{Component, Port};
use crate::platform::Platform;

/// The address of a component within the cluster; none for one without ports.
pub fn service(platform: &Platform, component: &Component) -> Option<Service> {
    if component.ports.is_empty() {
        return None;
    }
    let port = |port: &Port| ServicePort {
        name: Some(port.name.to_owned()),
        port: port.number.into(),
        target_port: Some(IntOrString::String(port.name.to_owned())),
        ..ServicePort::default()
    };
    Some(Service {
        metadata: owned(platform, component.name, &platform.named(component.name)),
        spec: Some(ServiceSpec {
            // The default, but said: whoever makes it an `ExternalName` leads our calls elsewhere.
            type_: Some("ClusterIP".to_owned()),
            selector: Some(labels(platform, component.name)),
            ports: Some(component.ports.iter().map(port).collect()),
            ..ServiceSpec::default()
        }),
        status: None,
    })
}
