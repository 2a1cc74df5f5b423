//! Resources that would break out: of their pods, of their namespace, of the images that the operator trusts.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use operator::crd::SocialPlatform;
use serde_json::{Value, json};

use crate::harness::{Harness, development, eventually, external};

/// A resource whose auth has these overrides.
fn overriding(overrides: &Value) -> SocialPlatform {
    let mut resource = serde_json::to_value(development()).unwrap();
    resource["spec"]["components"] = json!({ "auth": { "podOverrides": overrides } });
    serde_json::from_value(resource).unwrap()
}

fn pod(change: Value) -> Value {
    json!({ "spec": change })
}

fn container(mut change: Value) -> Value {
    change["name"] = json!("auth");
    pod(json!({ "containers": [change] }))
}

fn context(change: Value) -> Value {
    container(json!({ "securityContext": change }))
}

fn annotated(name: &str, value: &str) -> Value {
    json!({ "metadata": { "annotations": { name: value } } })
}

/// A volume of every kind that the level `restricted` does not name.
fn volumes() -> Vec<Value> {
    let sources: Vec<Value> = serde_json::from_str(include_str!("../../src/pod_security/volumes.json")).unwrap();
    let more = sources.into_iter().map(|mut volume| {
        volume["name"] = json!("more");
        pod(json!({ "volumes": [volume] }))
    });
    more.collect()
}

/// A host in each probe and each hook, in both ways to name one.
fn hosts() -> Vec<Value> {
    let calls =
        [json!({ "httpGet": { "port": 80, "host": "169.254.169.254" } }), json!({ "tcpSocket": { "port": 80, "host": "10.0.0.1" } })];
    let fixtures = calls.map(|call| {
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| container(json!({ probe: call })));
        let hooks = ["postStart", "preStop"].map(|hook| container(json!({ "lifecycle": { hook: call } })));
        [&probes[..], &hooks[..]].concat()
    });
    fixtures.concat()
}

/// The fixtures of Pod Security's own tests: each control, at each place where it can be broken.
fn pod_security() -> Vec<Value> {
    vec![
        pod(json!({ "hostNetwork": true })),
        pod(json!({ "hostPID": true })),
        pod(json!({ "hostIPC": true })),
        pod(json!({ "securityContext": { "runAsUser": 0 } })),
        pod(json!({ "securityContext": { "seccompProfile": { "type": "Unconfined" } } })),
        pod(json!({ "securityContext": { "appArmorProfile": { "type": "Unconfined" } } })),
        pod(json!({ "securityContext": { "seLinuxOptions": { "type": "spc_t" } } })),
        pod(json!({ "securityContext": { "seLinuxOptions": { "user": "system_u" } } })),
        pod(json!({ "securityContext": { "seLinuxOptions": { "role": "system_r" } } })),
        pod(json!({ "securityContext": { "sysctls": [{ "name": "kernel.msgmax", "value": "1" }] } })),
        pod(json!({ "securityContext": { "windowsOptions": { "hostProcess": true } } })),
        container(json!({ "ports": [{ "containerPort": 8081, "hostPort": 80 }] })),
        context(json!({ "privileged": true })),
        context(json!({ "allowPrivilegeEscalation": true })),
        context(json!({ "capabilities": { "add": ["SYS_ADMIN"] } })),
        context(json!({ "procMount": "Unmasked" })),
        context(json!({ "runAsNonRoot": false })),
        context(json!({ "runAsUser": 0 })),
        context(json!({ "seccompProfile": { "type": "Unconfined" } })),
        context(json!({ "appArmorProfile": { "type": "Unconfined" } })),
        context(json!({ "seLinuxOptions": { "type": "spc_t" } })),
        context(json!({ "seLinuxOptions": { "user": "system_u" } })),
        context(json!({ "seLinuxOptions": { "role": "system_r" } })),
        context(json!({ "windowsOptions": { "hostProcess": true } })),
        annotated("container.apparmor.security.beta.kubernetes.io/auth", "unconfined"),
        context(json!({ "readOnlyRootFilesystem": false })),
    ]
}

/// Other programs, other identities, other places.
fn injected() -> Vec<Value> {
    let token = json!({ "serviceAccountToken": { "path": "token" } });
    vec![
        container(json!({ "image": "example.org/miner" })),
        container(json!({ "command": ["/bin/sh"] })),
        container(json!({ "args": ["--database-url=postgres://elsewhere"] })),
        pod(json!({ "containers": [{ "name": "miner", "image": "example.org/miner" }] })),
        pod(json!({ "initContainers": [{ "name": "miner", "image": "example.org/miner" }] })),
        pod(json!({ "ephemeralContainers": [{ "name": "miner", "image": "example.org/miner" }] })),
        pod(json!({ "serviceAccountName": "default" })),
        pod(json!({ "automountServiceAccountToken": true })),
        pod(json!({ "volumes": [{ "name": "token", "projected": { "sources": [token] } }] })),
        pod(json!({ "nodeName": "node" })),
        json!({ "metadata": { "namespace": "kube-system" } }),
        json!({ "metadata": { "labels": { "app.kubernetes.io/instance": "another" } } }),
        json!({ "metadata": { "finalizers": ["example.org/never"] } }),
    ]
}

/// Puts `resource` in the place of the one that is there.
async fn replace(harness: &Harness, resource: &SocialPlatform) {
    eventually("the resource is replaced", || async {
        let mut new = resource.clone();
        new.metadata = harness.get::<SocialPlatform>("demo").await.metadata;
        let replaced = harness.api::<SocialPlatform>().replace("demo", &PostParams::default(), &new).await;
        replaced.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

async fn has_no_pods(harness: &Harness) {
    assert!(harness.api::<Deployment>().list(&ListParams::default()).await.unwrap().items.is_empty());
    assert!(harness.api::<Job>().list(&ListParams::default()).await.unwrap().items.is_empty());
    assert!(harness.api::<Pod>().list(&ListParams::default()).await.unwrap().items.is_empty());
}

fn wrote_in_its_namespace_only(harness: &Harness) {
    let own = format!("/namespaces/{}/", harness.namespace);
    let elsewhere: BTreeSet<_> = harness.requests.writes().into_iter().filter(|write| !write.contains(&own)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overrides_that_would_break_out_are_refused_and_nothing_runs() {
    let harness = Harness::start("overrides").await;
    let fixtures = [pod_security(), volumes(), hosts(), injected()].concat();
    harness.create(&overriding(&fixtures[0])).await;
    for overrides in &fixtures {
        replace(&harness, &overriding(overrides)).await;
        let platform = harness.wait_for("Stalled", "True", "PodOverridesRefused").await;
        let found = platform.spec.components.and_then(|components| components.auth).and_then(|auth| auth.pod_overrides);
        assert_eq!(found.map(|found| found.0), Some(overrides.clone()), "it is this one that was refused");
    }
    has_no_pods(&harness).await;
    wrote_in_its_namespace_only(&harness);

    replace(&harness, &development()).await;
    harness.wait_until_ready().await;
    wrote_in_its_namespace_only(&harness);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_would_lead_elsewhere_are_refused() {
    let harness = Harness::start("names").await;
    let api = harness.api::<SocialPlatform>();
    for name in ["../kube-system", "kube-system/demo", "demo%2f..", "Demo", "demo.example"] {
        let mut resource = development();
        resource.metadata.name = Some(name.to_owned());
        let created = api.create(&PostParams::default(), &resource).await;
        assert!(created.is_err(), "{name} is no name");
    }
    for name in ["../../kube-system/secrets/demo", "kube-system/demo", "demo?watch=true", "%2e%2e"] {
        let paths = [
            "/spec/database/external/secretRef/name",
            "/spec/objectStore/external/credentialsSecretRef/name",
            "/spec/mail/credentialsSecretRef/name",
            "/spec/trust/caBundleRef/name",
            "/spec/imagePullSecrets/0/name",
            "/spec/backup/destination/credentialsSecretRef/name",
            "/spec/exposure/tls/secretName",
        ];
        for path in paths {
            let mut resource = serde_json::to_value(external()).unwrap();
            resource["spec"]["trust"] = json!({ "caBundleRef": { "name": "authorities" } });
            resource["spec"]["imagePullSecrets"] = json!([{ "name": "registry" }]);
            resource["spec"]["exposure"]["tls"] = json!({ "secretName": "certificate" });
            *resource.pointer_mut(path).unwrap() = json!(name);
            let created = api.create(&PostParams::default(), &serde_json::from_value(resource).unwrap()).await;
            let refused = created.expect_err("no object has such a name").to_string();
            assert!(refused.contains("should match"), "{path} {name}: {refused}");
        }
    }
    has_no_pods(&harness).await;
    wrote_in_its_namespace_only(&harness);
}
