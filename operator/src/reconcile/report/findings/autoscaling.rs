//! Whether the number of pods follows the load.

use contracts::Service;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;

use crate::apis::Apis;
use crate::crd::AutoscalingSpec;
use crate::reconcile::Cluster;
use crate::reconcile::conditions::{AUTOSCALING, Finding, HIBERNATED, Truth};
use crate::resources::horizontal_pod_autoscaler::REQUESTS_METRIC;

/// What the autoscalers of the spec measure; nothing, if there are none. Without it the number of pods stays as it is, so this does
/// not stand in the way of `Ready`.
pub(super) fn autoscaling(cluster: &Cluster) -> Option<Finding> {
    let components = cluster.resource.spec.components.as_ref()?;
    let specs = Service::ALL.into_iter().filter_map(|service| Some((service, components.of(service)?.autoscaling.as_ref()?)));
    let specs: Vec<_> = specs.collect();
    let finding = |truth, reason, message: String| Some(Finding::new(AUTOSCALING, truth, reason, message));
    if specs.is_empty() {
        return None;
    }
    if cluster.resource.is_hibernated() {
        return finding(Truth::False, HIBERNATED, "no pod is to run; on waking, services start with minReplicas".to_owned());
    }
    let apis = cluster.apis;
    let by_resources = names(&specs, |spec| !apis.resource_metrics && needs_resource_metrics(spec, apis));
    let by_requests = names(&specs, |spec| !apis.custom_metrics && spec.requests_per_second.is_some());
    let no_requests = format!(
        "the cluster does not measure requests: install whatever serves {REQUESTS_METRIC} in custom.metrics.k8s.io, such as \
         prometheus-adapter"
    );
    if !by_resources.is_empty() {
        let nor = if by_requests.is_empty() { String::new() } else { format!("; and {no_requests}") };
        let message = format!(
            "the cluster does not measure CPU and memory: install metrics-server, or whatever else serves metrics.k8s.io{nor}; until then \
             the number of pods stays as it is of {by_resources}"
        );
        return finding(Truth::False, "MetricsApiMissing", message);
    }
    if !by_requests.is_empty() {
        return finding(Truth::False, "RequestsMetricMissing", format!("{no_requests}; until then CPU decides for {by_requests}"));
    }
    let unmeasured = cluster.children.autoscalers.iter().find_map(|it| Some((it.name_any(), unmeasured(it)?)));
    if let Some((name, why)) = unmeasured {
        let message = format!("autoscaler {name} does not get what it measures: {why}; until then the number of pods stays as it is");
        return finding(Truth::False, "MetricsUnavailable", message);
    }
    finding(Truth::True, "AutoscalersApplied", format!("the load decides how many pods run of {}", names(&specs, |_| true)))
}

/// The services whose autoscalers are like this.
fn names(specs: &[(Service, &AutoscalingSpec)], which: impl Fn(&AutoscalingSpec) -> bool) -> String {
    specs.iter().filter(|(_, spec)| which(spec)).map(|(service, _)| service.name()).collect::<Vec<_>>().join(", ")
}

/// Does it look at CPU or memory? Where requests alone decide, and are measured, it does not; see `validate/sizes.rs`.
fn needs_resource_metrics(spec: &AutoscalingSpec, apis: Apis) -> bool {
    let by_requests = spec.requests_per_second.is_some() && apis.custom_metrics;
    !by_requests || spec.target_cpu_utilization_percentage.is_some() || spec.target_memory_utilization_percentage.is_some()
}

/// What Kubernetes says of an autoscaler that gets nothing of what it measures.
fn unmeasured(autoscaler: &HorizontalPodAutoscaler) -> Option<&str> {
    let conditions = autoscaler.status.as_ref()?.conditions.as_deref()?;
    let active = conditions.iter().find(|condition| condition.type_ == "ScalingActive" && condition.status == "False")?;
    // Without pods there is nothing to measure.
    let is_asleep = active.reason.as_deref() == Some("ScalingDisabled");
    (!is_asleep).then(|| active.message.as_deref().unwrap_or_default())
}
