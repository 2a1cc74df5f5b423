//! The kinds of other projects that the operator writes, where the cluster has none of its own: their names, and any content but
//! where a test reads it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::wait::{await_condition, conditions::is_crd_established};
use serde_json::{Value, json};

use crate::{certificate, cloud_native_pg};

const KINDS: [(&str, &str, &str); 3] = [
    ("gateway.networking.k8s.io", "HTTPRoute", "httproutes"),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules"),
    ("monitoring.coreos.com", "ServiceMonitor", "servicemonitors"),
];

/// Installs those that are not there, and waits until they are served.
pub async fn install(client: &Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let any_content = KINDS.map(|(group, kind, plural)| definition(group, kind, plural));
    for definition in any_content.into_iter().chain([certificate::definition(), cloud_native_pg::definition()]) {
        let name = definition["metadata"]["name"].as_str().unwrap().to_owned();
        if api.get_opt(&name).await.unwrap().is_none() {
            api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(definition)).await.unwrap();
        }
        await_condition(api.clone(), &name, is_crd_established()).await.unwrap();
    }
}

fn definition(group: &str, kind: &str, plural: &str) -> Value {
    let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        // Without the annotation, groups of Kubernetes' own domain are refused.
        "metadata": { "name": format!("{plural}.{group}"), "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" } },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List") },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }],
        },
    })
}
