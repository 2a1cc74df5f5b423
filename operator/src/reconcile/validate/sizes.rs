//! The sizes of the services, quantities in canonical form.

use std::collections::BTreeMap;

use contracts::Service;
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Problem;
use crate::crd::{ComponentsSpec, ResourcesSpec};
use crate::platform::Size;
use crate::quantity::canonical;

pub(super) fn sizes(components: Option<&ComponentsSpec>) -> Result<BTreeMap<Service, Size>, Problem> {
    let Some(components) = components else { return Ok(BTreeMap::new()) };
    let mut sizes = BTreeMap::new();
    for service in Service::ALL {
        let Some(component) = components.of(service) else { continue };
        let resources = component.resources.as_ref().map(|resources| requirements(service, resources)).transpose()?;
        sizes.insert(service, Size { replicas: component.replicas, resources });
    }
    Ok(sizes)
}

fn requirements(service: Service, resources: &ResourcesSpec) -> Result<ResourceRequirements, Problem> {
    let list = |what: &str, list: &Option<BTreeMap<String, Quantity>>| {
        let Some(list) = list else { return Ok(None) };
        let canonical = list.iter().map(|(name, Quantity(quantity))| match canonical(quantity) {
            Some(canonical) => Ok((name.clone(), Quantity(canonical))),
            None => {
                let at = format!("components.{service}.resources.{what}.{name}");
                let message = format!("{at} is {quantity:?}: write a quantity such as 100m or 128Mi");
                Err(Problem::in_spec("InvalidQuantity", message))
            }
        });
        canonical.collect::<Result<BTreeMap<_, _>, _>>().map(Some)
    };
    Ok(ResourceRequirements { requests: list("requests", &resources.requests)?, limits: list("limits", &resources.limits)?, claims: None })
}
