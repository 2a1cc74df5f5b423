//! The sizes of the services, quantities in canonical form.

use std::collections::BTreeMap;

use contracts::Service;
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Problem, overrides};
use crate::apis::Apis;
use crate::crd::{AutoscalingSpec, ComponentSpec, ComponentsSpec, ResourcesSpec};
use crate::platform::{Autoscaling, Scale, Size};
use crate::quantity::canonical;

/// The CPU that decides where nothing else does, in percent of what is requested.
const CPU: i32 = 80;

pub(super) fn sizes(components: Option<&ComponentsSpec>, apis: Apis) -> Result<BTreeMap<Service, Size>, Problem> {
    let Some(components) = components else { return Ok(BTreeMap::new()) };
    let mut sizes = BTreeMap::new();
    for service in Service::ALL {
        let Some(component) = components.of(service) else { continue };
        let overrides = component.pod_overrides.as_ref().map(|overrides| overrides::read(service, overrides)).transpose()?;
        let size = Size {
            scale: scale(component, apis),
            resources: component.resources.as_ref().map(|resources| of_resource(service, resources)).transpose()?,
            spread: component.topology_spread.clone(),
            overrides,
        };
        sizes.insert(service, size);
    }
    Ok(sizes)
}

fn scale(component: &ComponentSpec, apis: Apis) -> Scale {
    match &component.autoscaling {
        Some(spec) => Scale::Auto(autoscaling(spec, apis)),
        None => Scale::Fixed(component.replicas.unwrap_or(1)),
    }
}

/// The targets that the cluster can measure. An autoscaler with one that it cannot would never scale down.
fn autoscaling(spec: &AutoscalingSpec, apis: Apis) -> Autoscaling {
    let requests = spec.requests_per_second.filter(|_| apis.custom_metrics);
    let memory = spec.target_memory_utilization_percentage;
    // Memory alone says little about load, and a target that was asked for but cannot be measured is made up for by CPU.
    let is_decided = requests.is_some() || (memory.is_some() && spec.requests_per_second.is_none());
    let cpu = spec.target_cpu_utilization_percentage.or((!is_decided).then_some(CPU));
    Autoscaling { least: spec.min_replicas, greatest: spec.max_replicas, cpu, memory, requests }
}

fn of_resource(service: Service, resources: &ResourcesSpec) -> Result<ResourceRequirements, Problem> {
    let at = format!("components.{service}.resources");
    let requirements =
        ResourceRequirements { requests: resources.requests.clone(), limits: resources.limits.clone(), ..ResourceRequirements::default() };
    requirements_in_canonical_form(&at, requirements)
}

/// The API server rewrites quantities; one that is not in its form would differ from its stored self for ever.
pub(super) fn requirements_in_canonical_form(at: &str, mut requirements: ResourceRequirements) -> Result<ResourceRequirements, Problem> {
    for (what, list) in [("requests", &mut requirements.requests), ("limits", &mut requirements.limits)] {
        for (name, quantity) in list.iter_mut().flatten() {
            *quantity = in_canonical_form(&format!("{at}.{what}.{name}"), quantity)?;
        }
    }
    Ok(requirements)
}

/// One quantity of a pod.
pub(super) fn in_canonical_form(at: &str, Quantity(quantity): &Quantity) -> Result<Quantity, Problem> {
    let canonical = canonical(quantity).map(Quantity);
    canonical.ok_or_else(|| Problem::in_spec("InvalidQuantity", format!("{at} is {quantity:?}: write a quantity such as 100m or 128Mi")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Apis = Apis { resource_metrics: true, custom_metrics: false };
    const ALL: Apis = Apis { resource_metrics: true, custom_metrics: true };

    fn spec(cpu: Option<i32>, memory: Option<i32>, requests: Option<i32>) -> AutoscalingSpec {
        AutoscalingSpec {
            min_replicas: 2,
            max_replicas: 8,
            target_cpu_utilization_percentage: cpu,
            target_memory_utilization_percentage: memory,
            requests_per_second: requests,
        }
    }

    fn targets(spec: AutoscalingSpec, apis: Apis) -> (Option<i32>, Option<i32>, Option<i32>) {
        let Autoscaling { cpu, memory, requests, .. } = autoscaling(&spec, apis);
        (cpu, memory, requests)
    }

    #[test]
    fn an_autoscaler_always_has_a_target() {
        assert_eq!(targets(spec(None, None, None), ALL), (Some(CPU), None, None));
        assert_eq!(targets(spec(Some(60), None, None), ALL), (Some(60), None, None));
        assert_eq!(targets(spec(None, Some(70), None), ALL), (None, Some(70), None));
        assert_eq!(targets(spec(None, None, Some(50)), ALL), (None, None, Some(50)));
    }

    #[test]
    fn cpu_decides_where_requests_are_not_measured() {
        assert_eq!(targets(spec(None, None, Some(50)), NONE), (Some(CPU), None, None));
        assert_eq!(targets(spec(Some(60), None, Some(50)), NONE), (Some(60), None, None));
        assert_eq!(targets(spec(None, Some(70), Some(50)), NONE), (Some(CPU), Some(70), None));
    }
}
