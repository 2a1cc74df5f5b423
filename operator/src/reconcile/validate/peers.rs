//! Peers of NetworkPolicies.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPeer};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::Problem;
use crate::crd::{IpBlockSpec, LabelsSpec, PeerSpec, SocialPlatformSpec};
use crate::platform::Outside;

/// Everybody whom the resource names.
pub(super) struct Peers {
    /// Who may call the public port; any pod, if none.
    pub(super) public_from: Option<Vec<NetworkPolicyPeer>>,
    /// Who may call the private port.
    pub(super) metrics_from: Vec<NetworkPolicyPeer>,
    /// Where things outside are.
    pub(super) egress: BTreeMap<Outside, Vec<NetworkPolicyPeer>>,
}

/// The peers as policies take them.
pub(super) fn all(spec: &SocialPlatformSpec) -> Result<Peers, Problem> {
    let observability = spec.observability.as_ref();
    let metrics_from = observability.and_then(|it| it.from.as_deref());
    Ok(Peers {
        public_from: spec.exposure.from.as_deref().map(|specs| peers("exposure.from", specs)).transpose()?,
        metrics_from: metrics_from.map(|specs| peers("observability.from", specs)).transpose()?.unwrap_or_default(),
        egress: egress(spec)?,
    })
}

fn egress(spec: &SocialPlatformSpec) -> Result<BTreeMap<Outside, Vec<NetworkPolicyPeer>>, Problem> {
    let database = spec.database.external.as_ref().and_then(|it| it.egress_to.as_ref());
    let object_store = spec.object_store.external.as_ref().and_then(|it| it.egress_to.as_ref());
    let backups = spec.backup.as_ref().and_then(|it| it.egress_to.as_ref());
    let origin = spec.bootstrap.as_ref().and_then(|it| it.egress_to.as_ref());
    let mail = spec.mail.as_ref().and_then(|it| it.egress_to.as_ref());
    let collector = spec.observability.as_ref().and_then(|it| it.egress_to.as_ref());
    let named = [
        (Outside::Database, "database.external.egressTo", database),
        (Outside::ObjectStore, "objectStore.external.egressTo", object_store),
        (Outside::Backups, "backup.egressTo", backups),
        (Outside::Origin, "bootstrap.egressTo", origin),
        (Outside::Mail, "mail.egressTo", mail),
        (Outside::Collector, "observability.egressTo", collector),
    ];
    // The CRD lets no empty list in, unless someone installed an older CRD; a policy would take it for everybody.
    let named = named.into_iter().filter_map(|(outside, field, specs)| Some((outside, field, specs.filter(|specs| !specs.is_empty())?)));
    named.map(|(outside, field, specs)| Ok((outside, peers(field, specs)?))).collect()
}

fn peers(field: &str, specs: &[PeerSpec]) -> Result<Vec<NetworkPolicyPeer>, Problem> {
    specs.iter().map(|spec| peer(field, spec)).collect()
}

fn peer(field: &str, spec: &PeerSpec) -> Result<NetworkPolicyPeer, Problem> {
    Ok(NetworkPolicyPeer {
        namespace_selector: spec.namespace_selector.as_ref().map(selector),
        pod_selector: spec.pod_selector.as_ref().map(selector),
        ip_block: spec.ip_block.as_ref().map(|block| range(field, block)).transpose()?,
    })
}

/// The rule by which an API server could refuse it needs a newer Kubernetes than the oldest that the operator runs on.
fn range(field: &str, IpBlockSpec { cidr }: &IpBlockSpec) -> Result<IPBlock, Problem> {
    if is_range(cidr) {
        return Ok(IPBlock { cidr: cidr.clone(), except: None });
    }
    let message = format!("{field} has an ipBlock.cidr {cidr:?}: write a range of addresses such as 192.0.2.0/24 or 2001:db8::/64");
    Err(Problem::in_spec("InvalidAddresses", message))
}

fn is_range(cidr: &str) -> bool {
    let Some((address, bits)) = cidr.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    // Not 08.
    bits.parse::<u8>().is_ok_and(|number| number <= most && number.to_string() == bits)
}

/// An empty map is left out by the API server, and selects everything, as an empty selector does.
fn selector(LabelsSpec { match_labels }: &LabelsSpec) -> LabelSelector {
    LabelSelector { match_labels: match_labels.clone().filter(|labels| !labels.is_empty()), match_expressions: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::full;
    use crate::fixtures::cluster;
    use crate::reconcile::validate::tests::problem;
    use crate::reconcile::validate::validate;

    fn addresses(cidr: &str) -> Vec<PeerSpec> {
        vec![PeerSpec { ip_block: Some(IpBlockSpec { cidr: cidr.to_owned() }), ..PeerSpec::default() }]
    }

    #[test]
    fn a_range_is_an_address_and_as_many_bits_as_it_may_have() {
        for right in ["192.0.2.0/24", "192.0.2.7/32", "0.0.0.0/0", "2001:db8::/64", "::/0"] {
            assert!(is_range(right), "{right}");
        }
        for wrong in ["192.0.2.0", "192.0.2.0/33", "192.0.2/24", "999.0.2.0/24", "2001:db8::/129", "192.0.2.0/08", "192.0.2.0/+8", "/8", ""]
        {
            assert!(!is_range(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_range_that_is_none_is_told_with_its_field() {
        let mut resource = full();
        resource.spec.database.external.as_mut().unwrap().egress_to = Some(addresses("10.0.0.0/8"));
        assert_eq!(validate(&cluster(resource.clone())).unwrap().egress.keys().collect::<Vec<_>>(), [&Outside::Database]);
        resource.spec.mail.as_mut().unwrap().egress_to = Some(addresses("10.0.0.0/80"));
        let problem = problem(&cluster(resource));
        assert_eq!((problem.reason, problem.stalled), ("InvalidAddresses", true));
        assert!(problem.message.starts_with("mail.egressTo has"), "{}", problem.message);
    }
}
