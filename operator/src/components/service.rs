//! What the services have in common.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::{Call, Callee, Component, Port, Probes, database_call, role, signals, trust};
use crate::crd::TopologySpreadSpec;
use crate::platform::Platform;
use crate::resources::env;
use crate::secrets::Credentials;

/// The port that the gateway reaches.
pub const PUBLIC_PORT: u16 = 8080;
/// The port of probes, metrics and internal calls.
pub const PRIVATE_PORT: u16 = 9090;
/// The variable with the URL under which people reach the platform.
pub const PUBLIC_URL: &str = "PUBLIC_URL";

/// Seconds that a pod goes on serving after it was asked to end, while gateways learn that it is going.
const DRAIN_SECONDS: i64 = 5;
/// Seconds that what is in flight then has to end: a little more than a request may take.
const FINISH_SECONDS: i64 = 35;
/// The same for photo: a little more than an upload may take.
const FINISH_UPLOAD_SECONDS: i64 = 305;
/// Seconds for what comes after: the last telemetry goes out.
const GOODBYE_SECONDS: i64 = 15;

/// A service with the figures that the operator gives it unless the resource says otherwise: CPU and memory that it
/// asks for, and memory that it may use.
pub(super) fn service(
    platform: &Platform,
    credentials: &Credentials,
    service: Service,
    (cpu, memory, memory_limit): (&str, &str, &str),
) -> Component {
    let size = platform.sizes.get(&service).cloned().unwrap_or_default();
    let auth = Call { to: Callee::Component(Service::Auth.name()), port: PUBLIC_PORT };
    let mut calls = vec![database_call(platform, credentials)];
    calls.extend((service != Service::Auth).then_some(auth));
    calls.extend(signals::call(platform));
    let component = Component {
        name: service.name(),
        image: platform.image.clone(),
        command: role(service.name()),
        scale: size.scale,
        spread: size.spread.unwrap_or_else(over_nodes),
        resources: size.resources.unwrap_or_else(|| super::resources(cpu, memory, memory_limit)),
        env: variables(platform, service),
        ports: vec![Port { name: "public", number: PUBLIC_PORT, open: true }, Port { name: "private", number: PRIVATE_PORT, open: false }],
        probes: Probes::Http,
        calls,
        user: 65532,
        disk: None,
        scratch: Vec::new(),
        secret_files: None,
        config_file: None,
        before_stop: None,
        grace_seconds: DRAIN_SECONDS + finish_seconds(service) + GOODBYE_SECONDS,
        overrides: size.overrides,
    };
    trust::trusting(platform, component)
}

fn finish_seconds(service: Service) -> i64 {
    match service {
        Service::Photo => FINISH_UPLOAD_SECONDS,
        Service::Auth | Service::Social | Service::Relation => FINISH_SECONDS,
    }
}

/// As far as there are enough nodes, so that one of them takes one pod of a service with it.
fn over_nodes() -> Vec<TopologySpreadSpec> {
    vec![TopologySpreadSpec { topology_key: "kubernetes.io/hostname".to_owned(), max_skew: None, when_unsatisfiable: None }]
}

/// Connections that are nobody's share: PostgreSQL keeps three for superusers; migrations, backups and people take some.
const SPARE_CONNECTIONS: i32 = 10;

/// The pods that share the connections: two of each service, and in a rollout for a moment as many that drain. Those that there
/// are do not count, or a change of their number would replace them all.
const PODS: i32 = 16;

/// The connections that each pod may hold, beside the one on which it listens.
fn connections(max_connections: i32) -> i32 {
    ((max_connections - SPARE_CONNECTIONS) / PODS - 1).clamp(2, 10)
}

fn variables(platform: &Platform, service: Service) -> Vec<EnvVar> {
    let slot = platform.rotation.active;
    let mut variables = vec![
        env::secret("DATABASE_URL", &platform.named(&slot.secret(service, "database")), "DATABASE_URL"),
        env::value("DATABASE_CONNECTIONS", &connections(platform.max_connections).to_string()),
        env::secret("SERVICE_KEY", &platform.named(&slot.secret(service, "key")), "SERVICE_KEY"),
        env::config("SERVICE_KEYS", &platform.named("service-keys"), "SERVICE_KEYS"),
        env::value(PUBLIC_URL, &platform.url),
        env::value("PUBLIC_ADDR", &format!("0.0.0.0:{PUBLIC_PORT}")),
        env::value("PRIVATE_ADDR", &format!("0.0.0.0:{PRIVATE_PORT}")),
        env::value("TRUSTED_PROXY_HOPS", &platform.trusted_proxy_hops.to_string()),
        env::value("DRAIN_SECONDS", &DRAIN_SECONDS.to_string()),
        env::value("FINISH_SECONDS", &finish_seconds(service).to_string()),
        env::value("LOG_FORMAT", "json"),
    ];
    if service != Service::Auth {
        let auth = platform.named(Service::Auth.name());
        variables.push(env::value("AUTH_URL", &format!("http://{auth}:{PUBLIC_PORT}")));
    }
    variables.extend(signals::variables(platform, service.name()));
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pods_of_a_rollout_find_room() {
        assert_eq!((connections(200), connections(100)), (10, 4));
        for max_connections in [60, 100, 150, 200, 10_000] {
            assert!(PODS * (connections(max_connections) + 1) <= max_connections - SPARE_CONNECTIONS, "{max_connections}");
        }
    }
}
