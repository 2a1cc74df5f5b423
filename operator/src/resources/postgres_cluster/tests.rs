use contracts::Service;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::*;
use crate::crd::SocialPlatform;
use crate::drift::is_part_of;
use crate::example::{cloud_native_pg, full};
use crate::fixtures::{FixedGenerator, cluster};
use crate::reconcile::build::build;
use crate::reconcile::validate::validate;

/// The Cluster of the example, and its Secrets as they are in the cluster.
fn prepared() -> (PostgresCluster, Vec<Secret>) {
    let mut cluster = cluster(cloud_native_pg());
    cluster.cloud_native_pg_served = true;
    let prepared = build(&validate(&cluster).unwrap(), &FixedGenerator);
    let mut secrets = prepared.new_secrets;
    secrets.iter_mut().for_each(|secret| secret.metadata.resource_version = Some("7".into()));
    (prepared.postgres_clusters.into_iter().next().unwrap(), secrets)
}

/// The Cluster with a status in which every role is there, with the Secrets of this version.
fn served(mut cluster: PostgresCluster, version: &str) -> PostgresCluster {
    let names: Vec<_> = cluster.spec.managed.roles.iter().map(|role| role.name.clone()).collect();
    let passwords = names.iter().map(|name| (name.clone(), json!({ "resourceVersion": version, "transactionID": 1 })));
    let passwords: serde_json::Map<_, _> = passwords.collect();
    let ready = json!({
        "type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let roles = json!({ "byStatus": { "reconciled": names }, "passwordStatus": passwords });
    let status = json!({ "phase": "Cluster in healthy state", "instances": 3, "conditions": [ready], "managedRolesStatus": roles });
    cluster.status = Some(serde_json::from_value(status).unwrap());
    cluster
}

fn reason(cluster: &PostgresCluster, secrets: &[Secret]) -> &'static str {
    cluster.ready(secrets).unwrap_err().reason
}

#[test]
fn a_cluster_is_of_use_when_every_role_has_the_password_of_its_secret() {
    let (cluster, secrets) = prepared();
    assert_eq!(reason(&cluster, &secrets), "NotTakenUp");
    assert_eq!(served(cluster.clone(), "7").ready(&secrets), Ok(()));
    assert_eq!(reason(&served(cluster.clone(), "6"), &secrets), "RolesPending");

    let mut starting = served(cluster.clone(), "7");
    starting.status.as_mut().unwrap().conditions.clear();
    assert_eq!(reason(&starting, &secrets), "ClusterNotReady");

    let mut refused = served(cluster, "7");
    let errors = [("social_auth_a".to_owned(), vec!["role \"social_auth\" does not exist".to_owned()])];
    refused.status.as_mut().unwrap().managed_roles_status.cannot_reconcile = errors.into();
    let waiting = refused.ready(&secrets).unwrap_err();
    assert!(waiting.reason == "RolesRefused" && waiting.message.contains("does not exist"), "{waiting:?}");
}

#[test]
fn each_login_has_a_group_and_one_of_two_has_a_password() {
    let (cluster, secrets) = prepared();
    let roles = &cluster.spec.managed.roles;
    assert_eq!(roles.len(), 3 * Service::ALL.len() + 1);
    let login = |name: &str| roles.iter().find(|role| role.name == name).unwrap();
    assert_eq!(login("social_photo_a").in_roles, ["social_photo"]);
    assert_eq!(login("social_photo_b").disable_password, Some(true));
    for role in roles {
        let Some(secret) = &role.password_secret else { continue };
        let secret = secrets.iter().find(|it| it.name_any() == secret.name).unwrap();
        assert_eq!(secret.type_.as_deref(), Some(BASIC_AUTH));
        assert_eq!(secret.data.as_ref().unwrap()["username"].0, role.name.as_bytes());
        assert_eq!(secret.labels()[RELOAD_LABEL], "true");
    }
}

#[test]
fn the_owner_may_make_the_database_in_which_a_backup_is_verified() {
    let createdb = |resource: SocialPlatform, credentials: bool| {
        let mut cluster = cluster(resource);
        cluster.cloud_native_pg_served = true;
        if !credentials {
            cluster.referenced.remove("demo-backups");
        }
        let roles = postgres_cluster(&validate(&cluster).unwrap()).unwrap().spec.managed.roles;
        roles.into_iter().find(|role| role.name == CLUSTER_DATABASE).unwrap().createdb
    };
    assert_eq!(createdb(cloud_native_pg(), true), Some(false));
    let mut backed_up = cloud_native_pg();
    backed_up.spec.backup = full().spec.backup;
    assert_eq!(createdb(backed_up.clone(), true), Some(true));
    assert_eq!(createdb(backed_up, false), Some(true), "one that runs is verified, though its credentials are away for a moment");
}

#[test]
fn a_platform_that_sleeps_puts_its_database_to_sleep() {
    let hibernation = |hibernated: bool| {
        let mut resource = cloud_native_pg();
        resource.spec.lifecycle.get_or_insert_default().hibernated = Some(hibernated);
        let mut cluster = cluster(resource);
        cluster.cloud_native_pg_served = true;
        postgres_cluster(&validate(&cluster).unwrap()).unwrap().annotations().get(HIBERNATION).cloned()
    };
    assert_eq!(hibernation(true).as_deref(), Some("on"));
    assert_eq!(hibernation(false), None);
}

/// Is the Cluster applied again, once it is stored with the defaults of CloudNativePG and `edit` was made?
fn is_healed(edit: impl FnOnce(&mut Value)) -> bool {
    let desired = serde_json::to_value(prepared().0).unwrap();
    let mut stored = desired.clone();
    for role in stored["spec"]["managed"]["roles"].as_array_mut().unwrap() {
        role["inherit"] = json!(true);
        role["connectionLimit"] = json!(-1);
    }
    edit(&mut stored);
    // As it is kept in memory.
    let kept: PostgresCluster = serde_json::from_value(stored).unwrap();
    !is_part_of(&desired, &serde_json::to_value(kept).unwrap())
}

#[test]
fn nobody_gives_a_role_a_right_or_another_password() {
    let rights = ["superuser", "createdb", "createrole", "replication", "bypassrls"].map(|right| (right, json!(true)));
    let others = [("inRoles", json!(["pg_write_all_data"])), ("passwordSecret", json!({ "name": "another" }))];
    for (field, value) in rights.into_iter().chain(others) {
        // The first is a group, of which the operator says nothing but that it is there.
        let edit = |cluster: &mut Value| cluster["spec"]["managed"]["roles"][0][field] = value.clone();
        assert!(is_healed(edit), "{field}: {value}");
    }
    assert!(is_healed(|cluster| cluster["spec"]["managed"]["roles"].as_array_mut().unwrap().push(json!({ "name": "another" }))));
    assert!(is_healed(|cluster| cluster["spec"]["instances"] = json!(1)));
}

#[test]
fn what_the_administrator_sets_beside_it_stays() {
    assert!(!is_healed(|_| {}));
    assert!(!is_healed(|cluster| cluster["spec"]["postgresql"]["parameters"]["work_mem"] = json!("8MB")));
    assert!(!is_healed(|cluster| cluster["spec"]["monitoring"] = json!({ "enablePodMonitor": true })));
}
