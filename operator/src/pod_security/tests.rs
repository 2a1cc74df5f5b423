use k8s_openapi::DeepMerge;
use serde_json::json;

use super::*;

/// The smallest pod that the level lets in.
fn restricted() -> Value {
    json!({
        "spec": {
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "main",
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    })
}

/// What is found after `change` is merged over the smallest pod.
fn found(change: Value) -> Vec<String> {
    let read = |value: Value| serde_json::from_value::<PodTemplateSpec>(value).unwrap();
    let mut template = read(restricted());
    template.merge_from(read(change));
    violations(&template)
}

fn pod(change: Value) -> Vec<String> {
    found(json!({ "spec": change }))
}

fn container(mut change: Value) -> Vec<String> {
    change["name"] = json!("main");
    pod(json!({ "containers": [change] }))
}

fn context(change: Value) -> Vec<String> {
    container(json!({ "securityContext": change }))
}

#[test]
fn the_smallest_restricted_pod_passes() {
    assert_eq!(found(json!({})), [""; 0]);
    assert_eq!(context(json!({ "capabilities": { "drop": ["ALL"], "add": ["NET_BIND_SERVICE"] } })), [""; 0]);
    assert_eq!(pod(json!({ "securityContext": { "sysctls": [{ "name": "net.ipv4.tcp_syncookies", "value": "1" }] } })), [""; 0]);
    for volume in ["configMap", "downwardAPI", "emptyDir", "projected", "secret"] {
        assert_eq!(pod(json!({ "volumes": [{ "name": "v", volume: {} }] })), [""; 0], "{volume}");
    }
}

#[test]
fn a_pod_without_a_context_fails_every_demand() {
    let bare = serde_json::from_value(json!({ "spec": { "containers": [{ "name": "main" }] } })).unwrap();
    let found = violations(&bare).join("; ");
    for demand in ["allowPrivilegeEscalation", "capabilities.drop", "runAsNonRoot", "seccompProfile"] {
        assert!(found.contains(demand), "{demand}: {found}");
    }
}

/// The fixtures of the standard's own tests, one for each control.
#[test]
fn each_control_of_the_standard_refuses_its_fixture() {
    let refused = [
        ("hostNetwork", pod(json!({ "hostNetwork": true }))),
        ("hostPID", pod(json!({ "hostPID": true }))),
        ("hostIPC", pod(json!({ "hostIPC": true }))),
        ("volumes[v]", pod(json!({ "volumes": [{ "name": "v", "hostPath": { "path": "/" } }] }))),
        ("volumes[v]", pod(json!({ "volumes": [{ "name": "v", "nfs": { "server": "x", "path": "/" } }] }))),
        ("volumes[v]", pod(json!({ "volumes": [{ "name": "v" }] }))),
        ("ports", container(json!({ "ports": [{ "containerPort": 8080, "hostPort": 80 }] }))),
        ("probes", container(json!({ "livenessProbe": { "httpGet": { "port": 80, "host": "169.254.169.254" } } }))),
        ("hooks", container(json!({ "lifecycle": { "preStop": { "tcpSocket": { "port": 80, "host": "10.0.0.1" } } } }))),
        ("privileged", context(json!({ "privileged": true }))),
        ("allowPrivilegeEscalation", context(json!({ "allowPrivilegeEscalation": true }))),
        ("capabilities.drop", context(json!({ "capabilities": { "drop": ["NET_RAW"] } }))),
        ("capabilities.add", context(json!({ "capabilities": { "add": ["SYS_ADMIN"] } }))),
        ("procMount", context(json!({ "procMount": "Unmasked" }))),
        ("runAsNonRoot", context(json!({ "runAsNonRoot": false }))),
        ("runAsUser", context(json!({ "runAsUser": 0 }))),
        ("runAsUser", pod(json!({ "securityContext": { "runAsUser": 0 } }))),
        ("seccompProfile", context(json!({ "seccompProfile": { "type": "Unconfined" } }))),
        ("seccompProfile", pod(json!({ "securityContext": { "seccompProfile": { "type": "Unconfined" } } }))),
        ("appArmorProfile", context(json!({ "appArmorProfile": { "type": "Unconfined" } }))),
        ("AppArmor", found(json!({ "metadata": { "annotations": { format!("{APP_ARMOR}main"): "unconfined" } } }))),
        ("seLinuxOptions", context(json!({ "seLinuxOptions": { "type": "spc_t" } }))),
        ("seLinuxOptions", pod(json!({ "securityContext": { "seLinuxOptions": { "user": "system_u" } } }))),
        ("seLinuxOptions", pod(json!({ "securityContext": { "seLinuxOptions": { "role": "system_r" } } }))),
        ("seLinuxOptions", context(json!({ "seLinuxOptions": { "role": "system_r" } }))),
        ("appArmorProfile", pod(json!({ "securityContext": { "appArmorProfile": { "type": "Unconfined" } } }))),
        ("hostProcess", context(json!({ "windowsOptions": { "hostProcess": true } }))),
        ("sysctls", pod(json!({ "securityContext": { "sysctls": [{ "name": "kernel.msgmax", "value": "1" }] } }))),
    ];
    for (control, found) in refused {
        assert!(found.iter().any(|it| it.contains(control)), "{control}: {found:?}");
    }
}

#[test]
fn a_volume_of_any_other_kind_is_refused() {
    let sources: Vec<Value> = serde_json::from_str(include_str!("volumes.json")).unwrap();
    for mut volume in sources {
        volume["name"] = json!("v");
        let found = pod(json!({ "volumes": [volume.clone()] }));
        assert!(found.iter().any(|it| it.contains("volumes[v]")), "{volume}: {found:?}");
    }
}

#[test]
fn no_probe_and_no_hook_names_a_host() {
    for call in [json!({ "httpGet": { "port": 80, "host": "10.0.0.1" } }), json!({ "tcpSocket": { "port": 80, "host": "10.0.0.1" } })] {
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            assert!(!container(json!({ probe: call })).is_empty(), "{probe}: {call}");
        }
        for hook in ["postStart", "preStop"] {
            assert!(!container(json!({ "lifecycle": { hook: call } })).is_empty(), "{hook}: {call}");
        }
    }
}

#[test]
fn a_container_beside_the_first_has_to_pass_too() {
    let found = pod(json!({ "containers": [{ "name": "other" }] }));
    assert!(found.iter().all(|it| it.contains("spec.containers[other]")) && !found.is_empty(), "{found:?}");
}
