//! Nothing in, nothing out; and the edges of the drawing, one policy per component.
//!
//! A direction in which nothing is let through is written as an empty list, so that an apply takes away what others put there.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{instance_selector, owned, selector};
use super::postgres_cluster::CLUSTER_LABEL;
use crate::components::{BACKUP, Callee, Component, POSTGRES, PRIVATE_PORT, Port};
use crate::platform::Platform;

const DNS_PORT: u16 = 53;

/// The policies of a platform.
pub fn network_policies(platform: &Platform, components: &[Component]) -> Vec<NetworkPolicy> {
    let mut policies = vec![default_deny(platform)];
    policies.extend(components.iter().map(|component| NetworkPolicy {
        metadata: owned(platform, component.name, &platform.named(component.name)),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(platform, component.name)),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(ingress(platform, component, components)),
            egress: Some(egress(platform, component)),
        }),
    }));
    policies
}

/// It also holds for pods of the platform that no other policy is about.
fn default_deny(platform: &Platform) -> NetworkPolicy {
    NetworkPolicy {
        metadata: owned(platform, "default-deny", &platform.named("default-deny")),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(instance_selector(platform)),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(Vec::new()),
            egress: Some(Vec::new()),
        }),
    }
}

/// One rule for each port that anyone may call.
fn ingress(platform: &Platform, component: &Component, all: &[Component]) -> Vec<NetworkPolicyIngressRule> {
    let callers = |port: &Port| -> Vec<NetworkPolicyPeer> {
        let outside = match (&platform.public_from, port) {
            (None, Port { open: true, .. }) => return vec![any_pod()],
            (Some(peers), Port { open: true, .. }) => peers.clone(),
            (_, Port { number: PRIVATE_PORT, .. }) => platform.metrics_from.clone(),
            // Stores: while the credentials for backups are away, one may still run.
            _ if platform.without_backups.is_some() => vec![pods(platform, BACKUP)],
            _ => Vec::new(),
        };
        let calls =
            |caller: &&Component| caller.calls.iter().any(|call| call.to == Callee::Component(component.name) && call.port == port.number);
        let within = all.iter().filter(calls).map(|caller| pods(platform, caller.name));
        within.chain(outside).collect()
    };
    component
        .ports
        .iter()
        .map(|port| (port, callers(port)))
        .filter(|(_, from)| !from.is_empty())
        .map(|(port, from)| NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![tcp(port.number)]) })
        .collect()
}

/// DNS, and one rule for each callee. What is outside is opened by its port, as a policy cannot name a host, unless the resource
/// says where it is. Rules add up: what may be anywhere opens its port for all that have the same.
fn egress(platform: &Platform, component: &Component) -> Vec<NetworkPolicyEgressRule> {
    if component.calls.is_empty() {
        return Vec::new();
    }
    // None is anywhere.
    let mut by_callee: BTreeMap<Option<Callee>, Vec<u16>> = BTreeMap::new();
    for call in &component.calls {
        let is_somewhere = |callee: &Callee| !matches!(callee, Callee::Outside(it) if !platform.egress.contains_key(it));
        let ports = by_callee.entry(Some(call.to).filter(is_somewhere)).or_default();
        if !ports.contains(&call.port) {
            ports.push(call.port);
        }
    }
    let dns = NetworkPolicyEgressRule { ports: Some(vec![udp(DNS_PORT), tcp(DNS_PORT)]), to: None };
    let to = |callee| match callee {
        Callee::Outside(it) => platform.egress.get(&it).cloned(),
        Callee::PostgresCluster => Some(vec![postgres_cluster(platform)]),
        Callee::Component(name) => Some(vec![pods(platform, name)]),
    };
    let rule = |(callee, ports): (Option<Callee>, Vec<u16>)| NetworkPolicyEgressRule {
        to: callee.and_then(to),
        ports: Some(ports.into_iter().map(tcp).collect()),
    };
    [dns].into_iter().chain(by_callee.into_iter().map(rule)).collect()
}

fn pods(platform: &Platform, component: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(selector(platform, component)), ..NetworkPolicyPeer::default() }
}

/// The instances that CloudNativePG runs: pods of its own, with its own labels.
fn postgres_cluster(platform: &Platform) -> NetworkPolicyPeer {
    let labels = [(CLUSTER_LABEL.to_owned(), platform.named(POSTGRES))].into();
    let selector = LabelSelector { match_labels: Some(labels), match_expressions: None };
    NetworkPolicyPeer { pod_selector: Some(selector), ..NetworkPolicyPeer::default() }
}

fn any_pod() -> NetworkPolicyPeer {
    NetworkPolicyPeer { namespace_selector: Some(LabelSelector::default()), ..NetworkPolicyPeer::default() }
}

fn tcp(port: u16) -> NetworkPolicyPort {
    port_of("TCP", port)
}

fn udp(port: u16) -> NetworkPolicyPort {
    port_of("UDP", port)
}

fn port_of(protocol: &str, port: u16) -> NetworkPolicyPort {
    NetworkPolicyPort { protocol: Some(protocol.to_owned()), port: Some(IntOrString::Int(port.into())), end_port: None }
}
