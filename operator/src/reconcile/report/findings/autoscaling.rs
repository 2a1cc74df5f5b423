//! Whether the number of pods follows the load.

use contracts::Service;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;

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
    if !cluster.apis.resource_metrics {
        let message = "the cluster does not measure CPU and memory: install metrics-server, or whatever else serves metrics.k8s.io";
        return finding(Truth::False, "MetricsApiMissing", message.to_owned());
    }
    let by_requests: Vec<_> = specs.iter().filter(|(_, spec)| spec.requests_per_second.is_some()).map(|(it, _)| it.name()).collect();
    if !by_requests.is_empty() && !cluster.apis.custom_metrics {
        let message = format!(
            "the cluster does not measure requests: install whatever serves {REQUESTS_METRIC} in custom.metrics.k8s.io, such as \
             prometheus-adapter; until then CPU decides for {}",
            by_requests.join(", ")
        );
        return finding(Truth::False, "RequestsMetricMissing", message);
    }
    let unmeasured = cluster.children.autoscalers.iter().find_map(|it| Some((it.name_any(), unmeasured(it)?)));
    if let Some((name, why)) = unmeasured {
        let message = format!("autoscaler {name} does not get what it measures: {why}; until then the number of pods stays as it is");
        return finding(Truth::False, "MetricsUnavailable", message);
    }
    let names: Vec<_> = specs.iter().map(|(service, _)| service.name()).collect();
    finding(Truth::True, "AutoscalersApplied", format!("the load decides how many pods run of {}", names.join(", ")))
}

/// What Kubernetes says of an autoscaler that gets nothing of what it measures.
fn unmeasured(autoscaler: &HorizontalPodAutoscaler) -> Option<&str> {
    let conditions = autoscaler.status.as_ref()?.conditions.as_deref()?;
    let active = conditions.iter().find(|condition| condition.type_ == "ScalingActive" && condition.status == "False")?;
    // Without pods there is nothing to measure.
    let is_asleep = active.reason.as_deref() == Some("ScalingDisabled");
    (!is_asleep).then(|| active.message.as_deref().unwrap_or_default())
}
