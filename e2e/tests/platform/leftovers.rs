//! Objects as an earlier release of the operator may have left them: one of each kind, owned by the platform and labelled as
//! its own, and in no wish of today's.

use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

use crate::environment;
use crate::platform::NAME;
use crate::scene::{MANAGER, Scene};
use crate::wait::eventually;

const LEFT_OVER: &str = "demo-left-over";

/// Leaves one object of each kind, and waits until the operator has taken each away.
pub async fn are_cleaned_up(scene: &Scene) {
    let owner = scene.platform().owner().await;
    for (api_version, kind, content) in objects() {
        is_cleaned_up(scene, api_version, kind, content, &owner).await;
    }
    // The operator reads what the pod of a failed attempt has left, before it lets the attempt go.
    let mut attempt = failing_job();
    attempt["metadata"] = json!({ "labels": {
        "app.kubernetes.io/version": environment::VERSION,
        "socialplatform.dev/migration": "left-over",
        "socialplatform.dev/attempt": "1",
    }});
    is_cleaned_up(scene, "batch/v1", "Job", attempt, &owner).await;
}

async fn is_cleaned_up(scene: &Scene, api_version: &str, kind: &str, mut object: Value, owner: &Value) {
    object["apiVersion"] = api_version.into();
    object["kind"] = kind.into();
    object["metadata"]["name"] = LEFT_OVER.into();
    object["metadata"]["ownerReferences"] = json!([owner]);
    object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "socialplatform-operator".into();
    object["metadata"]["labels"]["app.kubernetes.io/instance"] = NAME.into();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), &scene.namespace, &resource);
    let left = api.patch(LEFT_OVER, &PatchParams::apply(MANAGER), &Patch::Apply(&object)).await;
    left.unwrap_or_else(|error| panic!("a {kind} can be left: {error}"));
    eventually(&format!("the {kind} that was left is taken away"), async || match api.get_opt(LEFT_OVER).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err("it is there".to_owned()),
        Err(error) => Err(error.to_string()),
    })
    .await;
}

/// Group and version, kind, and the least content that the API server takes.
fn objects() -> Vec<(&'static str, &'static str, Value)> {
    let labels = json!({ "app": LEFT_OVER });
    let selector = json!({ "matchLabels": labels });
    let pods = json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "none", "image": "none" }] } });
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": LEFT_OVER });
    let backend = json!({ "service": { "name": LEFT_OVER, "port": { "number": 80 } } });
    vec![
        ("v1", "ServiceAccount", json!({})),
        ("v1", "Secret", json!({})),
        ("v1", "ConfigMap", json!({})),
        ("v1", "Service", json!({ "spec": { "selector": labels, "ports": [{ "port": 80 }] } })),
        ("apps/v1", "Deployment", json!({ "spec": { "replicas": 0, "selector": selector, "template": pods } })),
        ("autoscaling/v2", "HorizontalPodAutoscaler", json!({ "spec": { "scaleTargetRef": target, "maxReplicas": 2 } })),
        ("policy/v1", "PodDisruptionBudget", json!({ "spec": { "selector": selector, "maxUnavailable": 1 } })),
        ("networking.k8s.io/v1", "NetworkPolicy", json!({ "spec": { "podSelector": selector } })),
        ("networking.k8s.io/v1", "Ingress", json!({ "spec": { "defaultBackend": backend } })),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", json!({ "spec": { "hostnames": ["left-over.test"] } })),
        ("cert-manager.io/v1", "Certificate", json!({ "spec": { "secretName": LEFT_OVER, "issuerRef": { "name": "nobody" } } })),
        ("monitoring.coreos.com/v1", "PrometheusRule", json!({ "spec": { "groups": [] } })),
        ("monitoring.coreos.com/v1", "ServiceMonitor", json!({ "spec": { "selector": {}, "endpoints": [] } })),
    ]
}

/// A Job whose pod ends in error at once: the platform has no program of that name.
fn failing_job() -> Value {
    let container = json!({
        "name": "none",
        "image": "localhost/social-platform:dev",
        "command": ["/social-platform", "no-such-program"],
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
    });
    let security = json!({ "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": { "type": "RuntimeDefault" } });
    let pod = json!({ "restartPolicy": "Never", "securityContext": security, "containers": [container] });
    json!({ "spec": { "backoffLimit": 0, "template": { "spec": pod } } })
}
