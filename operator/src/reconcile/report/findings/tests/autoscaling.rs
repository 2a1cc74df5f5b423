use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus};

use super::*;
use crate::apis::Apis;
use crate::crd::{AutoscalingSpec, ComponentSpec, ComponentsSpec};

/// A platform whose service social follows its requests.
fn following_requests() -> (Cluster, Platform, Outcome) {
    let mut resource = minimal();
    let autoscaling = AutoscalingSpec { min_replicas: 2, max_replicas: 4, requests_per_second: Some(50), ..AutoscalingSpec::default() };
    let social = ComponentSpec { autoscaling: Some(autoscaling), ..ComponentSpec::default() };
    resource.spec.components = Some(ComponentsSpec { social: Some(social), ..ComponentsSpec::default() });
    applied(resource, Progress::Migrated, true)
}

#[test]
fn what_an_autoscaler_cannot_measure_is_a_condition_and_stands_in_nobodys_way() {
    let (mut cluster, platform, outcome) = following_requests();
    for (resource_metrics, custom_metrics, told) in [
        (false, false, "False MetricsApiMissing"),
        (true, false, "False RequestsMetricMissing"),
        (false, true, "True AutoscalersApplied"),
        (true, true, "True AutoscalersApplied"),
    ] {
        cluster.apis = Apis { resource_metrics, custom_metrics };
        let status = status(&cluster, View::Applied(&platform, &outcome));
        let reasons = reasons(&status.conditions);
        assert!(reasons.contains(&format!("Autoscaling={told}")), "{reasons:?}");
        assert_eq!(reasons[0], "Ready=True AllComponentsAvailable");
    }
}

/// What is told of the autoscalers of the spec, with these APIs: the reason, and the message.
fn told(change: impl FnOnce(&mut ComponentsSpec), resource_metrics: bool, custom_metrics: bool) -> (String, String) {
    let (mut cluster, ..) = following_requests();
    let mut resource = SocialPlatform::clone(&cluster.resource);
    change(resource.spec.components.as_mut().unwrap());
    cluster.resource = Arc::new(resource);
    cluster.apis = Apis { resource_metrics, custom_metrics };
    let found = super::super::autoscaling::autoscaling(&cluster).unwrap();
    (found.reason, found.message)
}

#[test]
fn every_api_that_is_missing_is_named_with_whom_it_concerns() {
    let (reason, message) = told(|_| {}, false, false);
    assert_eq!(reason, "MetricsApiMissing");
    assert!(message.contains("metrics-server") && message.contains("prometheus-adapter") && message.ends_with("of social"), "{message}");

    // One that looks at CPU as well, and another that looks at nothing else.
    let both = |components: &mut ComponentsSpec| {
        let social = components.social.as_mut().unwrap().autoscaling.as_mut().unwrap();
        social.target_cpu_utilization_percentage = Some(70);
    };
    let another = |components: &mut ComponentsSpec| {
        let autoscaling = AutoscalingSpec { min_replicas: 1, max_replicas: 2, ..AutoscalingSpec::default() };
        components.photo = Some(ComponentSpec { autoscaling: Some(autoscaling), ..ComponentSpec::default() });
    };
    let (reason, message) = told(both, false, true);
    assert!(reason == "MetricsApiMissing" && message.ends_with("of social"), "{message}");
    let (reason, message) = told(another, false, true);
    assert!(reason == "MetricsApiMissing" && message.ends_with("of photo"), "{message}");
    assert!(!message.contains("prometheus-adapter"), "{message}");
}

#[test]
fn an_autoscaler_that_gets_nothing_is_told_of_in_its_own_words() {
    let (mut cluster, platform, outcome) = following_requests();
    cluster.apis = Apis { resource_metrics: true, custom_metrics: true };
    for (active, reason, told) in [
        ("False", "FailedGetPodsMetric", "False MetricsUnavailable"),
        ("False", "ScalingDisabled", "True AutoscalersApplied"),
        ("True", "ValidMetricFound", "True AutoscalersApplied"),
    ] {
        let condition = HorizontalPodAutoscalerCondition {
            type_: "ScalingActive".to_owned(),
            status: active.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some("no metrics returned from custom metrics API".to_owned()),
            ..HorizontalPodAutoscalerCondition::default()
        };
        let status = HorizontalPodAutoscalerStatus { conditions: Some(vec![condition]), ..HorizontalPodAutoscalerStatus::default() };
        let mut autoscaler = HorizontalPodAutoscaler { status: Some(status), ..HorizontalPodAutoscaler::default() };
        autoscaler.metadata.name = Some("demo-social".to_owned());
        cluster.children.autoscalers = vec![Arc::new(autoscaler)];
        let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
        let found = findings.iter().find(|finding| finding.type_ == "Autoscaling").unwrap();
        assert_eq!(format!("{:?} {}", found.truth, found.reason), told);
        let words = "demo-social does not get what it measures: no metrics returned from custom metrics API";
        assert_eq!(found.message.contains(words), told.starts_with("False"), "{}", found.message);
    }
}
