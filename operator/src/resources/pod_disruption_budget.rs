//! How many pods may be missing while nodes are drained.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{owned, selector};
use crate::components::Component;
use crate::platform::Platform;

/// One pod at a time, where two or more always run. A budget for a single pod would keep its node from ever being drained.
pub fn disruption_budget(platform: &Platform, component: &Component) -> Option<PodDisruptionBudget> {
    if platform.hibernated || component.scale.least() < 2 {
        return None;
    }
    Some(PodDisruptionBudget {
        metadata: owned(platform, component.name, &platform.named(component.name)),
        spec: Some(PodDisruptionBudgetSpec {
            selector: Some(selector(platform, component.name)),
            max_unavailable: Some(IntOrString::Int(1)),
            min_available: None,
            // A pod that does not serve anyway must not hold up a drain.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    })
}
