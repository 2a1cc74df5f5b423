//! An HTTPRoute of the Gateway API, with the few fields of it that the operator writes and reads, and those by which somebody
//! else could lead its requests elsewhere: they are written as the API server would set them, or left out, and all else is drift.

use contracts::Service;
use contracts::routes::PUBLIC;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metadata::owned;
use crate::components::PUBLIC_PORT;
use crate::crd::ParentRef;
use crate::platform::{Exposure, Platform};

/// Prefixes of one rule: older versions of the Gateway API take no more.
const MATCHES: usize = 8;

/// `spec` of an HTTPRoute.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "gateway.networking.k8s.io",
    version = "v1",
    kind = "HTTPRoute",
    root = "HttpRoute",
    plural = "httproutes",
    namespaced,
    schema = "disabled",
    status = "HttpRouteStatus",
    doc = "An HTTPRoute of the Gateway API."
)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSpec {
    /// The Gateways.
    #[serde(default)]
    pub parent_refs: Vec<Parent>,
    /// The hosts.
    #[serde(default)]
    pub hostnames: Vec<String>,
    /// Where requests go.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// A Gateway, and nothing else that requests may come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    /// Which.
    #[serde(flatten)]
    pub gateway: ParentRef,
    /// `gateway.networking.k8s.io`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `Gateway`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The one port of the Gateway; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
}

/// Where some requests go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Which.
    #[serde(default)]
    pub matches: Vec<Match>,
    /// What is done to them on the way, such as a redirect; nothing of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Value>,
    /// Where.
    #[serde(default)]
    pub backend_refs: Vec<BackendRef>,
    /// How long they may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
}

/// How long requests may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeouts {
    /// From its beginning to the end of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Of each try; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_request: Option<String>,
}

/// Which requests a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// By path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathMatch>,
    /// Only those with these headers; never of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Value>,
    /// Only those with these parameters; never of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query_params: Vec<Value>,
    /// Only those of this method; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// Requests by path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathMatch {
    /// `PathPrefix`: by whole segments.
    #[serde(rename = "type")]
    pub type_: String,
    /// The prefix.
    pub value: String,
}

/// A Service of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BackendRef {
    /// The group of its kind: the core one, which is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// `Service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Another namespace; never of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// How much of the requests it gets: 1, and those of ours are alone. With 0 there would be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// What is done to them on the way; nothing of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Value>,
}

/// What the Gateways say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpRouteStatus {
    /// One entry for each Gateway; perhaps also for one that the route names no longer.
    #[serde(default)]
    pub parents: Vec<RouteParentStatus>,
}

/// What one Gateway says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteParentStatus {
    /// Which.
    pub parent_ref: ParentRef,
    /// Among them `Accepted` and `ResolvedRefs`.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

impl HttpRoute {
    /// Has every Gateway that it names taken this generation of it, and found the Services? If not, what one of them says. What is
    /// left of a Gateway that it no longer names does not count.
    pub fn accepted(&self) -> Result<(), String> {
        self.spec.parent_refs.iter().try_for_each(|parent| self.accepted_by(&parent.gateway))
    }

    fn accepted_by(&self, gateway: &ParentRef) -> Result<(), String> {
        let parents = self.status.iter().flat_map(|status| &status.parents);
        let answers = parents.filter(|parent| self.is_same(&parent.parent_ref, gateway)).map(|parent| self.answer(parent));
        let none = format!("Gateway {} has not answered yet; is its name right, and does a controller run it?", gateway.name);
        // Several, where one controller has taken the place of another.
        answers.fold(Err(none), Result::or)
    }

    /// A Gateway without a namespace is in the route's own.
    fn is_same(&self, one: &ParentRef, other: &ParentRef) -> bool {
        let namespace = |gateway: &ParentRef| gateway.namespace.clone().or_else(|| self.metadata.namespace.clone());
        (&one.name, &one.section_name, namespace(one)) == (&other.name, &other.section_name, namespace(other))
    }

    fn answer(&self, parent: &RouteParentStatus) -> Result<(), String> {
        let gateway = &parent.parent_ref.name;
        for type_ in ["Accepted", "ResolvedRefs"] {
            match parent.conditions.iter().find(|condition| condition.type_ == type_) {
                Some(condition) if condition.observed_generation < self.metadata.generation => {
                    return Err(format!("Gateway {gateway} has not yet seen this HTTPRoute"));
                }
                Some(condition) if condition.status == "True" => {}
                Some(condition) => return Err(format!("Gateway {gateway} says {}: {}", condition.reason, condition.message)),
                None => return Err(format!("Gateway {gateway} has not yet said {type_}")),
            }
        }
        Ok(())
    }
}

/// One host, and each service's public paths; nothing else of the platform can be reached.
pub fn http_route(platform: &Platform) -> Option<HttpRoute> {
    let Exposure::Gateway { parents, request_timeout, served: true } = &platform.exposure else { return None };
    let timeouts = request_timeout.as_ref().map(|timeout| Timeouts { request: Some(timeout.clone()), backend_request: None });
    let spec = HttpRouteSpec {
        parent_refs: parents.iter().cloned().map(parent).collect(),
        hostnames: vec![platform.domain.clone()],
        rules: PUBLIC
            .iter()
            .flat_map(|(service, prefixes)| prefixes.chunks(MATCHES).map(move |prefixes| (*service, prefixes)))
            .map(|(service, prefixes)| Rule { timeouts: timeouts.clone(), ..rule(platform, service, prefixes) })
            .collect(),
    };
    Some(HttpRoute { metadata: owned(platform, "gateway", &platform.name), spec, status: None })
}

fn parent(gateway: ParentRef) -> Parent {
    Parent { gateway, group: Some("gateway.networking.k8s.io".to_owned()), kind: Some("Gateway".to_owned()), port: None }
}

fn rule(platform: &Platform, service: Service, prefixes: &[&str]) -> Rule {
    let by_prefix = |prefix: &&str| {
        let path = PathMatch { type_: "PathPrefix".to_owned(), value: (*prefix).to_owned() };
        Match { path: Some(path), ..Match::default() }
    };
    let backend = BackendRef {
        kind: Some("Service".to_owned()),
        name: platform.named(service.name()),
        port: Some(PUBLIC_PORT.into()),
        weight: Some(1),
        ..BackendRef::default()
    };
    Rule { matches: prefixes.iter().map(by_prefix).collect(), filters: Vec::new(), backend_refs: vec![backend], timeouts: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::{differences, is_part_of};
    use crate::example::full;
    use crate::fixtures::cluster;
    use crate::reconcile::validate::validate;

    /// Is the route of the full example applied again, once it is stored with the defaults of the API server and `edit` was made?
    fn is_healed(edit: impl FnOnce(&mut Value)) -> bool {
        let mut cluster = cluster(full());
        cluster.http_routes_served = true;
        let desired = serde_json::to_value(http_route(&validate(&cluster).unwrap()).unwrap()).unwrap();
        let mut stored = desired.clone();
        stored["status"] = json!({ "parents": [parent(public(), 1, "True", "True")] });
        for rule in stored["spec"]["rules"].as_array_mut().unwrap() {
            rule["backendRefs"][0]["group"] = json!("");
        }
        edit(&mut stored);
        // As it is kept in memory.
        let kept = serde_json::to_value(serde_json::from_value::<HttpRoute>(stored).unwrap()).unwrap();
        let is_healed = !is_part_of(&desired, &kept);
        assert_eq!(is_healed, !differences(&desired, &kept).is_empty());
        is_healed
    }

    #[test]
    fn nobody_leads_requests_elsewhere() {
        let redirect = json!({ "type": "RequestRedirect", "requestRedirect": { "hostname": "elsewhere.example.org", "statusCode": 302 } });
        for (place, value) in [
            ("/rules/0", json!({ "filters": [redirect] })),
            ("/rules/0/backendRefs/0", json!({ "filters": [redirect] })),
            ("/rules/0/backendRefs/0", json!({ "namespace": "elsewhere" })),
            ("/rules/0/backendRefs/0", json!({ "group": "multicluster.x-k8s.io", "kind": "ServiceImport" })),
            ("/rules/0/backendRefs/0", json!({ "name": "another" })),
            ("/rules/0/backendRefs/0", json!({ "weight": 0 })),
            ("/rules/0/matches/0", json!({ "method": "GET" })),
            ("/rules/0/matches/0", json!({ "headers": [{ "type": "Exact", "name": "a", "value": "b" }] })),
            ("/rules/0/matches/0", json!({ "queryParams": [{ "type": "Exact", "name": "a", "value": "b" }] })),
            ("/rules/0/matches/0/path", json!({ "value": "/elsewhere" })),
            ("/parentRefs/0", json!({ "kind": "Service", "group": "" })),
            ("/parentRefs/0", json!({ "port": 8443 })),
            ("/rules/0", json!({ "timeouts": { "request": "1s" } })),
            ("/rules/0/timeouts", json!({ "backendRequest": "1s" })),
        ] {
            let edit = |route: &mut Value| {
                let fields = route["spec"].pointer_mut(place).unwrap().as_object_mut().unwrap();
                fields.extend(value.as_object().unwrap().clone());
            };
            assert!(is_healed(edit), "{place}: {value}");
        }
        assert!(is_healed(|route| route["spec"]["hostnames"] = json!(["elsewhere.example.org"])));
        assert!(is_healed(|route| route["spec"]["rules"].as_array_mut().unwrap().push(json!({ "matches": [], "backendRefs": [] }))));
    }

    #[test]
    fn what_the_api_server_sets_and_how_often_requests_are_tried_are_no_drift() {
        assert!(!is_healed(|_| {}));
        assert!(!is_healed(|route| {
            route["spec"]["rules"][0]["retry"] = json!({ "attempts": 2 });
            route["metadata"]["labels"]["team"] = json!("x");
        }));
    }

    /// The second generation of a route to the Gateway `public`, of which `parents` say this.
    fn accepted(parents: Value) -> Result<(), String> {
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "demo", "namespace": "social", "generation": 2 },
            "spec": { "parentRefs": [{ "name": "public", "sectionName": "https" }] },
            "status": { "parents": parents },
        });
        serde_json::from_value::<HttpRoute>(route).unwrap().accepted()
    }

    fn parent(parent_ref: Value, generation: i64, accepted: &str, resolved: &str) -> Value {
        let condition = |type_: &str, status: &str| {
            json!({
                "type": type_, "status": status, "reason": "Because", "message": format!("{type_} is {status}"),
                "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        };
        let conditions = [condition("Accepted", accepted), condition("ResolvedRefs", resolved)];
        json!({ "parentRef": parent_ref, "controllerName": "example.org/gateway", "conditions": conditions })
    }

    fn public() -> Value {
        json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "social", "sectionName": "https" })
    }

    #[test]
    fn a_route_comes_in_where_its_gateway_takes_it_and_finds_the_services() {
        assert_eq!(accepted(json!([parent(public(), 2, "True", "True")])), Ok(()));
        for (parents, says) in [
            (json!([]), "Gateway public has not answered yet"),
            (json!([{ "parentRef": public(), "conditions": [] }]), "has not yet said Accepted"),
            (json!([parent(public(), 1, "True", "True")]), "has not yet seen this HTTPRoute"),
            (json!([parent(public(), 2, "False", "True")]), "says Because: Accepted is False"),
            (json!([parent(public(), 2, "True", "False")]), "says Because: ResolvedRefs is False"),
        ] {
            let told = accepted(parents).unwrap_err();
            assert!(told.contains(says), "{told}");
        }
    }

    #[test]
    fn what_other_gateways_said_is_nothing_to_it() {
        let named = |name: &str, namespace: &str| json!({ "name": name, "namespace": namespace, "sectionName": "https" });
        let of_others = [named("before", "social"), named("public", "elsewhere"), json!({ "name": "public" })]
            .map(|it| parent(it, 1, "False", "False"));
        assert!(accepted(json!(of_others)).unwrap_err().contains("has not answered yet"));
        let mut all = of_others.to_vec();
        all.push(parent(public(), 1, "True", "True"));
        all.insert(0, parent(public(), 2, "True", "True"));
        assert_eq!(accepted(json!(all)), Ok(()), "one controller has taken the place of another");
    }
}
