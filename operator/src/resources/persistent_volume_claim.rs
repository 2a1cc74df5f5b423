//! Volumes.

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::metadata::retained;
use crate::components::{Component, Disk};
use crate::platform::Platform;

/// The volume of a component, from the cluster's default storage class.
pub fn volume_claim(platform: &Platform, component: &Component) -> Option<PersistentVolumeClaim> {
    let Disk { size, .. } = component.disk.as_ref()?;
    let requests = [("storage".to_owned(), Quantity(size.clone()))].into();
    Some(PersistentVolumeClaim {
        metadata: retained(platform, component.name, &platform.named(component.name)),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    })
}

/// The size that a volume asks for, if it does.
pub fn size(claim: &PersistentVolumeClaim) -> Option<&str> {
    let requests = claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?;
    requests.get("storage").map(|size| size.0.as_str())
}
