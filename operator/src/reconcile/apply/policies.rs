//! Whom pods may call while they wait to be replaced, or are.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule};
use kube::ResourceExt;

use super::writer::{differs, find, json};
use crate::children::Children;
use crate::drift::is_same;
use crate::resources::deployment::{is_available, terminating_replicas};

/// `desired` as it is now. Pods that serve with the settings of before call the store and the database of before, for as long as a
/// migration fails or waits and until the last of them is replaced: so the policy of a service goes on letting out to what it did, beside
/// what it is to let out to, until the service's Deployment is as in `services` and all its pods serve. Whom pods may be called by is
/// none of their settings, and is written at once.
///
/// What is let out to is whatever stands in the policy, so a rule of somebody else's that is written meanwhile stays until then, too.
pub(super) fn meanwhile(desired: Vec<NetworkPolicy>, services: &[Deployment], live: &Children) -> Vec<NetworkPolicy> {
    let is_under_way = |name: &str| {
        let service = services.iter().find(|service| service.name_any() == name);
        service.zip(find(&live.deployments, name)).is_some_and(|(wanted, live)| !is_over(wanted, &live))
    };
    let now = |policy: NetworkPolicy| {
        let name = policy.name_any();
        match find(&live.network_policies, &name) {
            Some(live) if is_under_way(&name) => both(policy, &live),
            _ => policy,
        }
    };
    desired.into_iter().map(now).collect()
}

/// Do all pods of a service run what is wanted, and has the last of the others ended?
fn is_over(wanted: &Deployment, live: &Deployment) -> bool {
    is_available(live) && terminating_replicas(live) == 0 && !differs(wanted, live)
}

/// `desired`, which also lets out to what `live` does. The same again, once that is written: those of before come last, in their order.
fn both(mut desired: NetworkPolicy, live: &NetworkPolicy) -> NetworkPolicy {
    let Some(spec) = &mut desired.spec else { return desired };
    let wanted = spec.egress.get_or_insert_default();
    let is_known = |rule: &NetworkPolicyEgressRule| wanted.iter().any(|wanted| is_same(&json(wanted), &json(rule)));
    let of_before = live.spec.iter().flat_map(|spec| spec.egress.iter().flatten());
    let more: Vec<_> = of_before.filter(|rule| !is_known(rule)).cloned().collect();
    wanted.extend(more);
    desired
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::drift::hash;
    use crate::example::full;
    use crate::fixtures::{FixedGenerator, cluster, serving};
    use crate::platform::{ObjectStore, Platform};
    use crate::reconcile::build::build;
    use crate::reconcile::validate::validate;
    use crate::resources::metadata::APPLIED;

    /// The platform with its object store at this port.
    fn at(port: u16) -> Platform {
        let mut platform = validate(&cluster(full())).unwrap();
        if let ObjectStore::External { endpoint, .. } = &mut platform.object_store {
            (endpoint.url, endpoint.port) = (format!("https://s3.example.org:{port}"), port);
        }
        platform
    }

    /// What there is of `platform` once it was applied, with so many pods that serve of each service.
    fn live(platform: &Platform, pods: i32) -> Children {
        let resources = build(platform, &FixedGenerator);
        let made = |mut deployment: Deployment| {
            let applied = hash(&deployment);
            deployment.annotations_mut().insert(APPLIED.to_owned(), applied);
            Arc::new(Deployment { status: Some(serving(pods)), ..deployment })
        };
        Children {
            deployments: resources.deployments.into_iter().map(made).collect(),
            network_policies: resources.network_policies.into_iter().map(Arc::new).collect(),
            ..Children::default()
        }
    }

    fn now(platform: &Platform, live: &Children) -> Vec<NetworkPolicy> {
        let resources = build(platform, &FixedGenerator);
        meanwhile(resources.network_policies, &resources.deployments, live)
    }

    fn wanted(platform: &Platform) -> Vec<NetworkPolicy> {
        build(platform, &FixedGenerator).network_policies
    }

    /// Does this component's policy open this port to the outside?
    fn lets_out(policies: &[NetworkPolicy], name: &str, port: u16) -> bool {
        let policy = policies.iter().find(|policy| policy.name_any() == name).unwrap();
        let rules = json(policy)["spec"]["egress"].as_array().cloned().unwrap_or_default();
        let ports = |rule: &Value| rule["ports"].as_array().cloned().unwrap_or_default();
        rules.iter().flat_map(ports).any(|it| it["port"] == port)
    }

    #[test]
    fn pods_that_serve_reach_the_store_of_before_until_they_are_replaced() {
        let (before, after) = (at(9001), at(9002));
        let mut there = live(&before, 9);
        let waiting = now(&after, &there);
        for port in [9001, 9002] {
            assert!(lets_out(&waiting, "demo-photo", port), "{port}: {waiting:?}");
        }
        assert!(lets_out(&waiting, "demo-migrate", 9002) && !lets_out(&waiting, "demo-migrate", 9001), "a Job is made anew: {waiting:?}");

        // Once that is written, it is wished for again, and not more of it.
        there.network_policies = waiting.iter().cloned().map(Arc::new).collect();
        assert_eq!(now(&after, &there), waiting);

        there.deployments = live(&after, 0).deployments;
        assert_eq!(now(&after, &there), waiting, "the new pods do not serve yet");
        there.deployments = live(&after, 9).deployments;
        assert_eq!(now(&after, &there), wanted(&after), "they do");
    }

    #[test]
    fn what_is_taken_back_is_as_it_was() {
        let (before, after) = (at(9001), at(9002));
        let mut there = live(&before, 9);
        there.network_policies = now(&after, &there).into_iter().map(Arc::new).collect();
        assert_eq!(now(&before, &there), wanted(&before));
    }

    #[test]
    fn who_may_call_them_and_what_has_no_pods_yet_waits_for_nobody() {
        let (before, after) = (at(9001), at(9002));
        let closed = Platform { public_from: Some(Vec::new()), ..at(9002) };
        for (now, wanted) in now(&closed, &live(&before, 9)).iter().zip(&wanted(&closed)) {
            let ingress = |policy: &NetworkPolicy| policy.spec.as_ref().and_then(|spec| spec.ingress.clone());
            assert_eq!(ingress(now), ingress(wanted));
        }
        let none = Children { deployments: Vec::new(), ..live(&before, 9) };
        assert_eq!(now(&after, &none), wanted(&after));
    }
}
