//! What each of our programs says of itself in traces, metrics and logs, and where it sends them.

use k8s_openapi::api::core::v1::EnvVar;

use super::{Call, Callee};
use crate::platform::{Outside, Platform};
use crate::resources::env;

/// The call of the collector, if there is one.
pub(super) fn call(platform: &Platform) -> Option<Call> {
    platform.otlp.as_ref().map(|collector| Call { to: Callee::Outside(Outside::Collector), port: collector.port })
}

/// The variables of OpenTelemetry for the program `name`, which is of the release.
pub(super) fn variables(platform: &Platform, name: &str) -> Vec<EnvVar> {
    of_version(platform, name, &format!("service.version={},", platform.version))
}

/// The same for a program that says itself of which version it is: another release of the same image does not replace its pod.
pub(super) fn without_version(platform: &Platform, name: &str) -> Vec<EnvVar> {
    of_version(platform, name, "")
}

fn of_version(platform: &Platform, name: &str, version: &str) -> Vec<EnvVar> {
    let attributes =
        format!("service.namespace={},{version}k8s.namespace.name={},k8s.pod.name=$(POD_NAME)", platform.name, platform.namespace);
    let mut variables = vec![
        env::field("POD_NAME", "metadata.name"),
        env::value("OTEL_SERVICE_NAME", name),
        env::expanded("OTEL_RESOURCE_ATTRIBUTES", &attributes),
    ];
    if let Some(collector) = &platform.otlp {
        variables.push(env::value("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url));
    }
    if let Some(share) = &platform.observability.trace_sampling {
        variables.push(env::value("OTEL_TRACES_SAMPLER", "traceidratio"));
        variables.push(env::value("OTEL_TRACES_SAMPLER_ARG", share));
    }
    let a_second = platform.observability.traces_per_second;
    variables.extend(a_second.map(|most| env::value("TRACES_PER_SECOND", &most.to_string())));
    variables.extend(platform.observability.log.as_ref().map(|log| env::value("RUST_LOG", log)));
    variables
}
