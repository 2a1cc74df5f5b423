use serde_json::json;

use super::*;
use crate::crd::{ComponentSpec, ComponentsSpec};
use crate::example::minimal;
use crate::fixtures::cluster;
use crate::reconcile::validate::tests::problem;
use crate::reconcile::validate::validate;

/// The minimal platform with these overrides of auth.
fn with(overrides: Value) -> crate::reconcile::Cluster {
    let mut resource = minimal();
    let auth = ComponentSpec { pod_overrides: Some(PodOverrides(overrides)), ..ComponentSpec::default() };
    resource.spec.components = Some(ComponentsSpec { auth: Some(auth), ..ComponentsSpec::default() });
    cluster(resource)
}

fn of_auth(change: Value) -> Value {
    let mut container = change;
    container["name"] = json!("auth");
    json!({ "spec": { "containers": [container] } })
}

#[test]
fn what_has_no_field_of_its_own_is_merged_over_the_pods() {
    let mut overrides = of_auth(json!({
        "env": [{ "name": "PASSWORD_HASHES_AT_ONCE", "value": "4" }],
        "volumeMounts": [{ "name": "more", "mountPath": "/more" }],
        "resources": { "limits": { "memory": "1024Mi" } },
    }));
    overrides["metadata"] = json!({ "annotations": { "team": "x" }, "labels": { "cost-center": "7" } });
    overrides["spec"]["tolerations"] = json!([{ "key": "spot", "operator": "Exists" }]);
    overrides["spec"]["volumes"] = json!([{ "name": "more", "emptyDir": { "sizeLimit": "1024Mi" } }]);
    let platform = validate(&with(overrides)).unwrap();
    let services = components::services(&platform, &Credentials::complete(&platform, &Placeholder));
    let auth = services.iter().find(|component| component.name == "auth").unwrap();
    let template = serde_json::to_value(pod::template(&platform, auth, "configuration")).unwrap();

    let container = &template["spec"]["containers"][0];
    let variable = |name: &str| container["env"].as_array().unwrap().iter().any(|variable| variable["name"] == name);
    assert!(variable("PASSWORD_HASHES_AT_ONCE") && variable("DATABASE_URL"), "{container}");
    // As the API server stores it, and beside the operator's own.
    assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    assert_eq!(container["resources"]["requests"]["memory"], "128Mi");
    assert_eq!(template["spec"]["volumes"][0]["emptyDir"]["sizeLimit"], "1Gi");
    assert_eq!(template["spec"]["tolerations"][0]["key"], "spot");
    assert_eq!(template["metadata"]["annotations"]["team"], "x");
    assert_eq!(template["metadata"]["annotations"]["socialplatform.dev/configuration"], "configuration");
    assert_eq!(template["metadata"]["labels"]["app.kubernetes.io/component"], "auth");
}

#[test]
fn what_the_api_server_would_leave_out_is_not_wished_for() {
    let mut value = json!({ "spec": {
        "hostNetwork": false, "tolerations": [], "hostname": "", "affinity": null, "automountServiceAccountToken": false,
        "containers": [{ "name": "auth", "tty": false, "readinessProbe": { "initialDelaySeconds": 0, "periodSeconds": 3 } }],
    }});
    drop_nothing(&mut value);
    let left = json!({ "spec": {
        "automountServiceAccountToken": false,
        "containers": [{ "name": "auth", "readinessProbe": { "periodSeconds": 3 } }],
    }});
    assert_eq!(value, left);
}

#[test]
fn what_is_hostile_or_misspelled_is_refused_with_its_path() {
    for (overrides, told) in [
        (json!({ "spec": { "toleration": [] , "tolerationz": [{}] } }), "spec.tolerationz is no field"),
        (json!({ "spec": { "containers": "auth" } }), "no part of a PodTemplateSpec"),
        (json!({ "spec": { "hostNetwork": true } }), "hostNetwork"),
        (json!({ "spec": { "volumes": [{ "name": "v", "hostPath": { "path": "/" } }] } }), "volumes[v]"),
        (json!({ "spec": { "serviceAccountName": "admin" } }), "serviceAccountName"),
        (json!({ "spec": { "automountServiceAccountToken": true } }), "automountServiceAccountToken"),
        (json!({ "spec": { "initContainers": [{ "name": "x", "image": "evil" }] } }), "initContainers"),
        (json!({ "spec": { "containers": [{ "name": "miner", "image": "evil" }] } }), "another container"),
        (of_auth(json!({ "image": "evil" })), "image"),
        (of_auth(json!({ "command": ["sh"] })), "command"),
        (of_auth(json!({ "args": ["--database-url=postgres://elsewhere"] })), "args"),
        (of_auth(json!({ "securityContext": { "privileged": true } })), "privileged"),
        (of_auth(json!({ "securityContext": { "readOnlyRootFilesystem": false } })), "readOnlyRootFilesystem"),
        (of_auth(json!({ "env": [{ "name": "DATABASE_URL", "value": "postgres://elsewhere" }] })), "the variable DATABASE_URL"),
        (of_auth(json!({ "ports": [{ "containerPort": 8080, "name": "x" }] })), "the port 8080"),
        (
            of_auth(json!({ "ports": [{ "containerPort": 9000 }, { "containerPort": 9000, "protocol": "UDP" }] })),
            "the port 9000 stands there twice",
        ),
        (of_auth(json!({ "resources": { "limits": { "memory": "much" } } })), "resources.limits.memory"),
        (json!({ "metadata": { "namespace": "other" } }), "metadata.namespace"),
        (json!({ "metadata": { "labels": { "app.kubernetes.io/component": "social" } } }), "app.kubernetes.io/component"),
        (json!({ "metadata": { "annotations": { "socialplatform.dev/applied": "0" } } }), "socialplatform.dev/applied"),
        (
            json!({ "spec": { "volumes": [{ "name": "t", "projected": { "sources": [{ "serviceAccountToken": { "path": "t" } }] } }] } }),
            "no token",
        ),
    ] {
        let problem = problem(&with(overrides.clone()));
        assert!(problem.stalled && problem.message.starts_with("components.auth.podOverrides"), "{problem:?}");
        assert!(problem.message.contains(told), "{overrides}: {}", problem.message);
    }
}
