//! An HTTPRoute of the Gateway API, with the few fields of it that the operator writes and reads.

use contracts::Service;
use contracts::routes::PUBLIC;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

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
    pub parent_refs: Vec<ParentRef>,
    /// The hosts.
    #[serde(default)]
    pub hostnames: Vec<String>,
    /// Where requests go.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Where some requests go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Which.
    #[serde(default)]
    pub matches: Vec<Match>,
    /// Where.
    #[serde(default)]
    pub backend_refs: Vec<BackendRef>,
}

/// Which requests a rule is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// By path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathMatch>,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackendRef {
    /// Its name.
    pub name: String,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
}

/// What the Gateways say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpRouteStatus {
    /// One entry for each Gateway.
    #[serde(default)]
    pub parents: Vec<RouteParentStatus>,
}

/// What one Gateway says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteParentStatus {
    /// Among them `Accepted`.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

impl HttpRoute {
    /// Has every Gateway that it names accepted this generation of it? If not, what one of them says.
    pub fn accepted(&self) -> Result<(), String> {
        let parents = self.status.as_ref().map(|status| status.parents.as_slice()).unwrap_or_default();
        if parents.len() < self.spec.parent_refs.len() {
            return Err("not every Gateway has answered yet; is its name right, and does a controller run it?".to_owned());
        }
        for parent in parents {
            match parent.conditions.iter().find(|condition| condition.type_ == "Accepted") {
                Some(condition) if condition.observed_generation < self.metadata.generation => {
                    return Err("the Gateway has not yet seen this HTTPRoute".to_owned());
                }
                Some(condition) if condition.status == "True" => {}
                Some(condition) => return Err(format!("the Gateway says {}: {}", condition.reason, condition.message)),
                None => return Err("the Gateway has not yet answered".to_owned()),
            }
        }
        Ok(())
    }
}

/// One host, and each service's public paths; nothing else of the platform can be reached.
pub fn http_route(platform: &Platform) -> Option<HttpRoute> {
    let Exposure::Gateway { parents, served: true } = &platform.exposure else { return None };
    let spec = HttpRouteSpec {
        parent_refs: parents.clone(),
        hostnames: vec![platform.domain.clone()],
        rules: PUBLIC
            .iter()
            .flat_map(|(service, prefixes)| prefixes.chunks(MATCHES).map(move |prefixes| rule(platform, *service, prefixes)))
            .collect(),
    };
    Some(HttpRoute { metadata: owned(platform, "gateway", &platform.name), spec, status: None })
}

fn rule(platform: &Platform, service: Service, prefixes: &[&str]) -> Rule {
    let by_prefix = |prefix: &&str| {
        let path = PathMatch { type_: "PathPrefix".to_owned(), value: (*prefix).to_owned() };
        Match { path: Some(path) }
    };
    Rule {
        matches: prefixes.iter().map(by_prefix).collect(),
        backend_refs: vec![BackendRef { name: platform.named(service.name()), port: Some(PUBLIC_PORT.into()) }],
    }
}
