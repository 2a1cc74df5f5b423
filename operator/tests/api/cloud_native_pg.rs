//! A database that CloudNativePG runs. Neither it nor its definitions are here: this is one with the fields that the operator
//! writes, and the test plays its controller.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use operator::crd::SocialPlatform;
use operator::example::{cloud_native_pg, full};
use operator::resources::postgres_cluster::PostgresCluster;
use serde_json::{Value, json};

use crate::deletion::{RETAINED, only_data};
use crate::harness::{Harness, development, eventually};
use crate::healing::{edited, edited_within, relabeled};
use crate::steady::nothing_is_written;

/// The definition, with the names and types of CloudNativePG's own.
pub fn definition() -> Value {
    let text = json!({ "type": "string" });
    let flag = json!({ "type": "boolean" });
    let named = json!({ "type": "object", "properties": { "name": text } });
    let role = json!({ "type": "object", "required": ["name"], "properties": {
        "name": text, "ensure": { "type": "string", "enum": ["present", "absent"], "default": "present" }, "login": flag,
        "inherit": { "type": "boolean", "default": true }, "connectionLimit": { "type": "integer", "default": -1 },
        "superuser": flag, "createdb": flag, "createrole": flag, "replication": flag, "bypassrls": flag,
        "inRoles": { "type": "array", "items": text }, "passwordSecret": named, "disablePassword": flag,
    }});
    let initdb = json!({ "type": "object", "properties": { "database": text, "owner": text, "secret": named, "localeCType": text } });
    let spec = json!({ "type": "object", "required": ["instances"], "properties": {
        "instances": { "type": "integer", "minimum": 1, "default": 1 },
        "imageName": text,
        "storage": { "type": "object", "properties": { "size": text, "storageClass": text } },
        "resources": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        "affinity": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        "priorityClassName": text,
        "postgresql": {
            "type": "object",
            "properties": { "parameters": { "type": "object", "additionalProperties": { "type": "string" } } },
        },
        "bootstrap": { "type": "object", "properties": { "initdb": initdb } },
        "managed": { "type": "object", "properties": { "roles": { "type": "array", "items": role } } },
    }});
    let status = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "required": ["spec"], "properties": { "spec": spec, "status": status } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "clusters.postgresql.cnpg.io" },
        "spec": {
            "group": "postgresql.cnpg.io",
            "scope": "Namespaced",
            "names": { "kind": "Cluster", "listKind": "ClusterList", "plural": "clusters", "singular": "cluster" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    })
}

/// Plays CloudNativePG: every Cluster runs, or sleeps, and every role has the password of its Secret.
pub async fn play(clusters: Api<PostgresCluster>, secrets: Api<Secret>) {
    loop {
        for cluster in clusters.list(&Default::default()).await.map(|list| list.items).unwrap_or_default() {
            let mut passwords = BTreeMap::new();
            for role in &cluster.spec.managed.roles {
                let Some(secret) = &role.password_secret else { continue };
                let version = secrets.get_opt(&secret.name).await.ok().flatten().and_then(|secret| secret.resource_version());
                passwords.insert(role.name.clone(), json!({ "resourceVersion": version, "transactionID": 1 }));
            }
            let names: Vec<_> = cluster.spec.managed.roles.iter().map(|role| &role.name).collect();
            let ready = json!({
                "type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "Cluster is Ready",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            });
            let asleep = cluster.annotations().get("cnpg.io/hibernation").is_some_and(|it| it == "on").then(|| {
                json!({
                    "type": "cnpg.io/hibernation", "status": "True", "reason": "Hibernated", "message": "Cluster has been hibernated",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            });
            let conditions: Vec<_> = [ready].into_iter().chain(asleep).collect();
            let roles = json!({ "byStatus": { "reconciled": names }, "passwordStatus": passwords });
            let status = json!({ "status": {
                "phase": "Cluster in healthy state", "conditions": conditions, "managedRolesStatus": roles,
            }});
            let _ = clusters.patch_status(&cluster.name_any(), &PatchParams::default(), &Patch::Merge(status)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn resource() -> SocialPlatform {
    let mut resource = development();
    resource.spec.database = cloud_native_pg().spec.database;
    resource
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloud_native_pg_runs_the_database_and_the_next_resource_takes_it_over() {
    let harness = Harness::start("cnpg").await;
    harness.create(&resource()).await;
    harness.wait_for("DatabaseReady", "False", "NotTakenUp").await;
    assert_eq!(harness.api::<Job>().list(&Default::default()).await.unwrap().items.len(), 0);
    let deployments = harness.api::<Deployment>().list(&Default::default()).await.unwrap();
    assert_eq!(deployments.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["demo-s3"]);

    tokio::spawn(play(harness.api(), harness.api()));
    harness.wait_until_ready().await;
    harness.wait_for("DatabaseReady", "True", "ClusterReady").await;
    let before: PostgresCluster = harness.get("demo-postgres").await;
    assert_eq!(before.owner_references().len(), 0);
    // Like volumes, it is not deleted to see what comes back.
    relabeled::<PostgresCluster>(&harness, "demo-postgres").await;
    edited::<PostgresCluster>(&harness, "demo-postgres", json!({"spec": {"instances": 1}}), "/spec/instances").await;
    for (field, value) in [
        ("superuser", json!(true)),
        ("createrole", json!(true)),
        ("inRoles", json!(["pg_write_all_data"])),
        ("passwordSecret", json!({"name": "another"})),
    ] {
        let give = |roles: &mut Value| roles[0][field] = value;
        edited_within::<PostgresCluster>(&harness, "demo-postgres", "/spec/managed/roles", give).await;
    }

    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    eventually("the services are gone", || async {
        let left = harness.api::<Deployment>().list(&Default::default()).await.unwrap().items.len();
        if left == 0 { Ok(()) } else { Err(format!("{left} are left")) }
    })
    .await;
    harness.create(&resource()).await;
    harness.wait_until_ready().await;
    assert_eq!(harness.get::<PostgresCluster>("demo-postgres").await.uid(), before.uid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_passwords_of_its_roles_are_replaced_and_then_nothing_is_written() {
    let harness = Harness::start("cnpg-rotation").await;
    tokio::spawn(play(harness.api(), harness.api()));
    let mut resource = resource();
    // For its Secret, whose reads are counted.
    resource.spec.mail = full().spec.mail;
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"rotation": "1"}}})).await;
    harness.wait_for("SecretsRotated", "True", "Rotated").await;
    eventually("the second login has a password, and the first has none", || async {
        let cluster: PostgresCluster = harness.get("demo-postgres").await;
        let role = |name: &str| cluster.spec.managed.roles.iter().find(|role| role.name == name).cloned().unwrap();
        let (first, second) = (role("social_auth_a"), role("social_auth_b"));
        let secret = second.password_secret.map(|secret| secret.name);
        match (first.disable_password, secret.as_deref()) {
            (Some(true), Some("demo-auth-database-b")) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    nothing_is_written(&harness, "a platform whose passwords were replaced", "demo-smtp").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_that_another_mode_has_left_stop_the_platform_until_somebody_does_what_it_says() {
    let harness = Harness::start("cnpg-after").await;
    tokio::spawn(play(harness.api(), harness.api()));
    let delete = async || {
        harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
        only_data(&harness, &RETAINED, &["demo-postgres", "demo-s3"]).await;
    };
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    delete().await;

    harness.create(&resource()).await;
    let platform = harness.wait_for("Stalled", "True", "GeneratedSecretOfAnotherMode").await;
    let told = platform.status.unwrap().conditions.into_iter().find(|condition| condition.type_ == "Stalled").unwrap().message;
    let (_, names) = told.split_once(&format!("kubectl delete secret -n {} ", harness.namespace)).expect("it says what to do");
    assert!(harness.api::<PostgresCluster>().get_opt("demo-postgres").await.unwrap().is_none(), "nothing is made meanwhile");
    for name in names.split(' ') {
        harness.api::<Secret>().delete(name, &DeleteParams::default()).await.unwrap();
    }
    harness.wait_until_ready().await;
    let password: Secret = harness.get("demo-database").await;
    assert_eq!(password.type_.as_deref(), Some("kubernetes.io/basic-auth"));

    // The other way round there is nothing to do: any type opens a database of Development.
    delete().await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let kept: Secret = harness.get("demo-database").await;
    assert_eq!(kept.data.unwrap()["password"], password.data.unwrap()["password"]);
}
