use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus};

use super::*;
use crate::crd::SocialPlatform;
use crate::example::{full, minimal};
use crate::fixtures::{FixedGenerator, cluster};
use crate::reconcile::build::build;
use crate::reconcile::report::status::status;
use crate::reconcile::validate::validate;
use crate::resources::{Applied, Resources};

/// The platform after an apply: every pod serves if `serving`.
fn applied(resource: SocialPlatform, progress: Progress, serving: bool) -> (Cluster, Platform, Outcome) {
    let cluster = cluster(resource);
    let platform = validate(&cluster).unwrap();
    let prepared = build(&platform, &FixedGenerator);
    let live = |deployment: Deployment| {
        let pods = if serving { replicas(&deployment) } else { 0 };
        let status = DeploymentStatus {
            replicas: Some(pods),
            updated_replicas: Some(pods),
            available_replicas: Some(pods),
            observed_generation: Some(1),
            ..DeploymentStatus::default()
        };
        Deployment { status: Some(status), ..deployment }
    };
    let resources = Resources::<Applied> {
        service_accounts: prepared.service_accounts,
        new_secrets: prepared.new_secrets,
        secrets: prepared.secrets,
        config_maps: prepared.config_maps,
        network_policies: prepared.network_policies,
        services: prepared.services,
        volume_claims: prepared.volume_claims,
        stores: prepared.stores.into_iter().map(live).collect(),
        migration: prepared.migration,
        deployments: prepared.deployments.into_iter().map(live).collect(),
        ingresses: prepared.ingresses,
        http_routes: prepared.http_routes,
        state: PhantomData,
    };
    (cluster, platform, Outcome { resources, progress, writes: 0 })
}

fn reasons(conditions: &[Condition]) -> Vec<String> {
    conditions.iter().map(|it| format!("{}={} {}", it.type_, it.status, it.reason)).collect()
}

#[test]
fn a_platform_whose_pods_all_serve_is_ready() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let status = status(&cluster, View::Applied(&platform, &outcome));
    assert_eq!(
        reasons(&status.conditions),
        [
            "Ready=True AllComponentsAvailable",
            "SecretsResolved=True AllFound",
            "DatabaseMigrated=True Migrated",
            "Exposed=True IngressApplied",
            "DevelopmentOnly=True DevelopmentStorage",
        ]
    );
    assert_eq!((status.version.as_deref(), status.target_version), (Some("1.2.3"), None));
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!(status.url.as_deref(), Some("http://social.localhost"));
    let rows: Vec<_> = status.components.iter().map(|row| (row.name.as_str(), row.ready, row.desired)).collect();
    assert_eq!(rows, [("auth", 1, 1), ("photo", 1, 1), ("relation", 1, 1), ("social", 1, 1)]);
}

#[test]
fn the_same_again_is_the_same_status() {
    let (mut cluster, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let first = status(&cluster, View::Applied(&platform, &outcome));
    Arc::make_mut(&mut cluster.resource).status = Some(first.clone());
    cluster.now = Timestamp::from_second(1_800_000_000).unwrap();
    assert_eq!(status(&cluster, View::Applied(&platform, &outcome)), first);
}

#[test]
fn a_migration_that_runs_keeps_the_platform_from_being_ready() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::Migrating, true);
    let status = status(&cluster, View::Applied(&platform, &outcome));
    let reasons = reasons(&status.conditions);
    assert!(reasons.contains(&"Ready=False Migrating".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"Reconciling=True Migrating".to_owned()), "{reasons:?}");
    assert_eq!((status.version, status.target_version.as_deref()), (None, Some("1.2.3")));
}

#[test]
fn a_failed_migration_tells_what_the_job_said_and_what_comes_next() {
    let failed = Progress::MigrationFailed {
        message: "RolesMissing: run this as a superuser: create role x".into(),
        retry_at: Some(Timestamp::from_second(1_700_000_030).unwrap()),
    };
    let (cluster, platform, outcome) = applied(minimal(), failed, true);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    let migrated = findings.iter().find(|finding| finding.type_ == DATABASE_MIGRATED).unwrap();
    assert_eq!((migrated.truth, migrated.reason.as_str()), (Truth::False, "RolesMissing"));
    assert!(migrated.message.contains("create role x"), "{}", migrated.message);
    assert!(migrated.message.contains("2023-11-14T22:13:50Z"), "{}", migrated.message);
}

#[test]
fn a_message_without_a_reason_gets_one() {
    assert_eq!(reason_of("RolesMissing: do this"), ("RolesMissing", "do this"));
    assert_eq!(reason_of("failed to connect: refused"), ("MigrationFailed", "failed to connect: refused"));
    assert_eq!(reason_of(""), ("MigrationFailed", ""));
}

#[test]
fn pods_that_do_not_serve_yet_are_named() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::Migrated, false);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    assert_eq!((findings[0].truth, findings[0].reason.as_str()), (Truth::False, "RollingOut"));
    for component in ["demo-postgres", "demo-s3", "demo-auth", "demo-social", "demo-photo", "demo-relation"] {
        assert!(findings[0].message.contains(&format!("{component} has 0 of 1")), "{}", findings[0].message);
    }
}

#[test]
fn a_gateway_without_its_api_is_a_condition_and_no_crash() {
    let (cluster, platform, outcome) = applied(full(), Progress::Migrated, true);
    let status = status(&cluster, View::Applied(&platform, &outcome));
    let reasons = reasons(&status.conditions);
    assert!(reasons.contains(&"Exposed=False GatewayApiMissing".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"Ready=False GatewayApiMissing".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"DevelopmentOnly=False ExternalStorage".to_owned()), "{reasons:?}");
}

#[test]
fn a_platform_that_is_not_to_be_exposed_is_ready_nonetheless() {
    let mut resource = full();
    resource.spec.exposure.mode = crate::crd::ExposureMode::None;
    resource.spec.exposure.gateway = None;
    let (cluster, platform, outcome) = applied(resource, Progress::Migrated, true);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    assert_eq!(findings[0].truth, Truth::True);
}

#[test]
fn a_refused_resource_keeps_what_was_known_and_says_what_to_do() {
    let cluster = cluster(minimal());
    let problem = |condition, reason, message: &str, stalled| Problem { condition, reason, message: message.into(), stalled };
    let problems =
        [problem(READY, "UnknownVersion", "choose another", true), problem(SECRETS_RESOLVED, "SecretMissing", "create it", false)];
    let (other, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let before = status(&other, View::Applied(&platform, &outcome));
    let findings = findings(&cluster, View::Refused(&problems), &before.conditions);
    let told: Vec<_> = findings.iter().map(|it| (it.type_, it.truth, it.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (READY, Truth::False, "UnknownVersion"),
            (SECRETS_RESOLVED, Truth::False, "SecretMissing"),
            (DATABASE_MIGRATED, Truth::True, "Migrated"),
            (EXPOSED, Truth::True, "IngressApplied"),
            (DEVELOPMENT_ONLY, Truth::True, "DevelopmentStorage"),
            (STALLED, Truth::True, "UnknownVersion"),
        ]
    );
    assert_eq!(findings[0].message, "choose another; create it");
}
