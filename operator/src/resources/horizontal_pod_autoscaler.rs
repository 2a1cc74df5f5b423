//! The number of pods that follows the load.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricIdentifier, MetricSpec, MetricTarget,
    PodsMetricSource, ResourceMetricSource,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::metadata::owned;
use crate::components::Component;
use crate::platform::{Autoscaling, Platform, Scale};
use crate::quantity::canonical;

/// The metric of pods that says how many requests a second each answers.
pub const REQUESTS_METRIC: &str = "http_server_requests_per_second";

/// The autoscaler of a component; none for one of a fixed size, and none while no pod is to run.
pub fn autoscaler(platform: &Platform, component: &Component) -> Option<HorizontalPodAutoscaler> {
    let Scale::Auto(autoscaling) = component.scale else { return None };
    if platform.hibernated {
        return None;
    }
    let name = platform.named(component.name);
    Some(HorizontalPodAutoscaler {
        metadata: owned(platform, component.name, &name),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference { api_version: Some("apps/v1".to_owned()), kind: "Deployment".to_owned(), name },
            min_replicas: Some(autoscaling.least),
            max_replicas: autoscaling.greatest,
            metrics: Some(metrics(autoscaling)),
            behavior: None,
        }),
        status: None,
    })
}

/// CPU comes first: an API server that keeps autoscalers as `autoscaling/v1` puts it there.
fn metrics(autoscaling: Autoscaling) -> Vec<MetricSpec> {
    let cpu = autoscaling.cpu.map(|percent| utilization("cpu", percent));
    let memory = autoscaling.memory.map(|percent| utilization("memory", percent));
    cpu.into_iter().chain(memory).chain(autoscaling.requests.map(requests)).collect()
}

fn utilization(resource: &str, percent: i32) -> MetricSpec {
    let target = MetricTarget { type_: "Utilization".to_owned(), average_utilization: Some(percent), ..MetricTarget::default() };
    let source = ResourceMetricSource { name: resource.to_owned(), target };
    MetricSpec { type_: "Resource".to_owned(), resource: Some(source), ..MetricSpec::default() }
}

fn requests(per_second: i32) -> MetricSpec {
    let value = per_second.to_string();
    let value = canonical(&value).unwrap_or(value);
    let target = MetricTarget { type_: "AverageValue".to_owned(), average_value: Some(Quantity(value)), ..MetricTarget::default() };
    let metric = MetricIdentifier { name: REQUESTS_METRIC.to_owned(), selector: None };
    MetricSpec { type_: "Pods".to_owned(), pods: Some(PodsMetricSource { metric, target }), ..MetricSpec::default() }
}
