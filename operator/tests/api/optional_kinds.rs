//! The kinds of other projects that the operator writes, where the cluster has none of its own: their names, the defaults that
//! their own definitions set in what the operator writes, and any other content. The test plays the controller of the Gateways.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use operator::apis::knows;
use operator::resources::certificate::Certificate;
use operator::resources::http_route::{HttpRoute, Parent};
use operator::resources::monitoring::{PrometheusRule, ServiceMonitor};
use operator::resources::postgres_cluster::PostgresCluster;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::harness::eventually;
use crate::{certificate, cloud_native_pg};

/// Group, kind, plural, and what the `spec` is like.
type Kind = (&'static str, &'static str, &'static str, fn() -> Value);

const KINDS: [Kind; 3] = [
    ("gateway.networking.k8s.io", "HTTPRoute", "httproutes", route),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules", any),
    ("monitoring.coreos.com", "ServiceMonitor", "servicemonitors", monitor),
];

/// Whether they are there.
static INSTALLED: OnceCell<()> = OnceCell::const_new();

/// Installs those that are not there, and waits until they are served: who asks before is told for a minute that they are not.
pub async fn install(client: &Client) {
    INSTALLED.get_or_init(|| install_all(client)).await;
}

async fn install_all(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let others = KINDS.map(|(group, kind, plural, spec)| definition(group, kind, plural, &spec()));
    for definition in others.into_iter().chain([certificate::definition(), cloud_native_pg::definition()]) {
        let name = definition["metadata"]["name"].as_str().unwrap().to_owned();
        if api.get_opt(&name).await.unwrap().is_none() {
            api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(definition)).await.unwrap();
        }
    }
    served::<HttpRoute>(client).await;
    served::<PrometheusRule>(client).await;
    served::<ServiceMonitor>(client).await;
    served::<Certificate>(client).await;
    served::<PostgresCluster>(client).await;
}

async fn served<K: Resource<DynamicType = ()>>(client: &Client) {
    eventually("the kind is served", || async {
        match knows::<K>(client).await {
            Ok(true) => Ok(()),
            other => Err(format!("{}: {other:?}", K::kind(&()))),
        }
    })
    .await;
}

/// Any content.
fn any() -> Value {
    json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// Any content, and these fields.
fn with(fields: Value) -> Value {
    json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": fields })
}

fn list_of(items: Value) -> Value {
    json!({ "type": "array", "x-kubernetes-list-type": "atomic", "items": items })
}

/// A text that is this, unless it is said.
fn text(default: &str) -> Value {
    json!({ "type": "string", "default": default })
}

/// The `spec` of an HTTPRoute, with the defaults of version 1.4.0 of the Gateway API.
fn route() -> Value {
    let parent = with(json!({ "group": text("gateway.networking.k8s.io"), "kind": text("Gateway") }));
    let every_path = json!({ "type": "PathPrefix", "value": "/" });
    let mut path = with(json!({ "type": text("PathPrefix"), "value": text("/") }));
    path["default"] = every_path.clone();
    let mut matches = list_of(with(json!({ "path": path })));
    matches["default"] = json!([{ "path": every_path }]);
    let weight = json!({ "type": "integer", "default": 1 });
    let backend = with(json!({ "group": text(""), "kind": text("Service"), "weight": weight }));
    let rule = with(json!({ "matches": matches, "backendRefs": list_of(backend) }));
    with(json!({ "parentRefs": list_of(parent), "rules": list_of(rule) }))
}

/// The `spec` of a ServiceMonitor, with the defaults of version 0.85.0 of the Prometheus operator.
fn monitor() -> Value {
    let mut selector = any();
    selector["x-kubernetes-map-type"] = json!("atomic");
    let relabelings = list_of(with(json!({ "action": text("replace") })));
    with(json!({ "selector": selector, "endpoints": list_of(with(json!({ "relabelings": relabelings }))) }))
}

fn definition(group: &str, kind: &str, plural: &str, spec: &Value) -> Value {
    let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": { "spec": spec, "status": any() } } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        // Without the annotation, groups of Kubernetes' own domain are refused.
        "metadata": { "name": format!("{plural}.{group}"), "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" } },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List") },
            "versions": [{ "name": "v1", "served": true, "storage": true, "subresources": { "status": {} }, "schema": schema }],
        },
    })
}

/// Plays the controller of the Gateways: every HTTPRoute is taken by those that it names.
pub async fn play(routes: Api<HttpRoute>) {
    loop {
        for route in routes.list(&Default::default()).await.map(|list| list.items).unwrap_or_default() {
            let conditions = ["Accepted", "ResolvedRefs"].map(|type_| {
                json!({
                    "type": type_, "status": "True", "reason": type_, "message": "", "observedGeneration": route.metadata.generation,
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            });
            let taken = |parent: &Parent| json!({ "parentRef": parent, "controllerName": "example.org/gateway", "conditions": conditions });
            let parents: Vec<_> = route.spec.parent_refs.iter().map(taken).collect();
            let status = Patch::Merge(json!({ "status": { "parents": parents } }));
            let _ = routes.patch_status(&route.name_any(), &PatchParams::default(), &status).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
