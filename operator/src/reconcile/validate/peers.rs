//! Peers of NetworkPolicies.

use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPeer};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::crd::{IpBlockSpec, LabelsSpec, PeerSpec};

/// The peers as a policy takes them.
pub(super) fn peers(specs: &[PeerSpec]) -> Vec<NetworkPolicyPeer> {
    specs.iter().map(peer).collect()
}

fn peer(spec: &PeerSpec) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: spec.namespace_selector.as_ref().map(selector),
        pod_selector: spec.pod_selector.as_ref().map(selector),
        ip_block: spec.ip_block.as_ref().map(|IpBlockSpec { cidr }| IPBlock { cidr: cidr.clone(), except: None }),
    }
}

/// An empty map is left out by the API server, and selects everything, as an empty selector does.
fn selector(LabelsSpec { match_labels }: &LabelsSpec) -> LabelSelector {
    LabelSelector { match_labels: match_labels.clone().filter(|labels| !labels.is_empty()), match_expressions: None }
}
