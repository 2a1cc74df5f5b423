mod autoscaling;
mod backups;
mod certificate;
mod hibernation;
mod kstatus;
mod object_store;
mod rollout;
mod storage;

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::*;
use crate::backups::COMPLETE;
use crate::crd::{BackupPhase, BackupsStatus, LifecycleSpec, SocialPlatform, SocialPlatformBackupStatus, SocialPlatformStatus};
use crate::example::{cloud_native_pg, full, minimal};
use crate::fixtures::{self, FixedGenerator, cluster};
use crate::reconcile::apply::Unwritten;
use crate::reconcile::build::build;
use crate::reconcile::conditions::{BACKED_UP, merged};
use crate::reconcile::report::status::{Write, status};
use crate::reconcile::validate::validate;
use crate::resources::deployment::replicas;
use crate::resources::{Applied, Resources};

/// The platform after an apply: every pod serves if `serving`.
fn applied(resource: SocialPlatform, progress: Progress, serving: bool) -> (Cluster, Platform, Outcome) {
    let cluster = cluster(resource);
    let platform = validate(&cluster).unwrap();
    let prepared = build(&platform, &FixedGenerator);
    let live = |deployment: Deployment| {
        let pods = if serving { replicas(&deployment) } else { 0 };
        Deployment { status: Some(fixtures::serving(pods)), ..deployment }
    };
    let resources = Resources::<Applied> {
        service_accounts: prepared.service_accounts,
        new_secrets: prepared.new_secrets,
        secrets: prepared.secrets,
        config_maps: prepared.config_maps,
        network_policies: prepared.network_policies,
        disruption_budgets: prepared.disruption_budgets,
        services: prepared.services,
        volume_claims: prepared.volume_claims,
        prometheus_rules: prepared.prometheus_rules,
        service_monitors: prepared.service_monitors,
        postgres_clusters: prepared.postgres_clusters,
        stores: prepared.stores.into_iter().map(live).collect(),
        restore: prepared.restore,
        migration: prepared.migration,
        deployments: prepared.deployments.into_iter().map(live).collect(),
        autoscalers: prepared.autoscalers,
        certificates: prepared.certificates,
        ingresses: prepared.ingresses,
        http_routes: prepared.http_routes,
        backup: prepared.backup,
        scheduled: prepared.scheduled,
        state: PhantomData,
    };
    (cluster, platform, Outcome { resources, progress, unwritten: Unwritten::default(), rotates_at: None, writes: 0 })
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
            "ObjectStoreReachable=True Answered",
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
fn storage_that_is_going_needs_a_person_before_its_data_is_gone() {
    let (mut cluster, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let mut claims = outcome.resources.volume_claims.clone();
    claims[0].metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    cluster.children.volume_claims = claims.iter().cloned().map(Arc::new).collect();
    let status = status(&cluster, View::Applied(&platform, &outcome));
    let reasons = reasons(&status.conditions);
    for expected in ["Ready=False StorageTerminating", "Stalled=True StorageTerminating"] {
        assert!(reasons.contains(&expected.to_owned()), "{reasons:?}");
    }
    let ready = status.conditions.iter().find(|condition| condition.type_ == READY).unwrap();
    assert!(ready.message.contains(&format!("PersistentVolumeClaim {} is deleted", claims[0].name_any())), "{}", ready.message);
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
        attempts: 1,
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
fn a_migration_that_failed_as_often_as_allowed_is_stalled_and_says_how_to_go_on() {
    for (attempts, counted) in [(1, "1 attempt failed"), (3, "3 attempts failed")] {
        let failed = Progress::MigrationFailed { message: "no way to the database".into(), attempts, retry_at: None };
        let (cluster, platform, outcome) = applied(minimal(), failed, true);
        let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
        let of = |type_: &str| findings.iter().find(|finding| finding.type_ == type_);
        let (stalled, migrated) = (of(STALLED).unwrap(), of(DATABASE_MIGRATED).unwrap());
        assert_eq!((stalled.reason.as_str(), &stalled.message), ("MigrationFailed", &migrated.message));
        let job = outcome.resources.migration.name_any();
        for part in [format!("not tried again: {counted}"), format!("delete Job {job} or raise spec.database.migrations.backoffLimit")] {
            assert!(migrated.message.contains(&part), "{part}: {}", migrated.message);
        }
        assert!(of(RECONCILING).is_none(), "{findings:?}");
    }
}

#[test]
fn a_release_that_waits_for_approval_says_what_to_write_and_is_neither_on_its_way_nor_stalled() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::AwaitingApproval, true);
    let status = status(&cluster, View::Applied(&platform, &outcome));
    assert_eq!(
        reasons(&status.conditions),
        [
            "Ready=False AwaitingApproval",
            "SecretsResolved=True AllFound",
            "DatabaseMigrated=False AwaitingApproval",
            "ObjectStoreReachable=Unknown NotTried",
            "Exposed=Unknown NotReached",
            "DevelopmentOnly=True DevelopmentStorage",
        ]
    );
    let message = &status.conditions[2].message;
    assert!(message.starts_with("release 1.2.3 waits for your approval: "), "{message}");
    assert!(message.contains("set spec.database.migrations.approvedVersion to 1.2.3"), "{message}");
    assert_eq!((status.version, status.target_version.as_deref(), status.migration), (None, Some("1.2.3"), None));
}

#[test]
fn what_is_wrong_while_a_release_waits_for_approval_is_told() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::AwaitingApproval, false);
    let told = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    assert!(told.contains(&"Ready=False RollingOut".to_owned()), "{told:?}");
    assert!(told.contains(&"DatabaseMigrated=False AwaitingApproval".to_owned()), "{told:?}");
    assert!(told.contains(&"Reconciling=True RollingOut".to_owned()), "{told:?}");

    let (cluster, mut platform, mut outcome) = applied(minimal(), Progress::AwaitingApproval, true);
    platform.is_migrated = true;
    outcome.resources.deployments.remove(0);
    outcome.resources.deployments[0].spec.as_mut().unwrap().replicas = Some(0);
    let conditions = status(&cluster, View::Applied(&platform, &outcome)).conditions;
    let told = reasons(&conditions);
    for wanted in ["Ready=False ServicesMissing", "Stalled=True ServicesMissing"] {
        assert!(told.iter().any(|told| told == wanted), "{told:?}");
    }
    let ready = &conditions[0];
    assert!(ready.message.starts_with("no pod runs of demo-auth, demo-"), "{}", ready.message);
    assert!(ready.message.contains("approvedVersion"), "{}", ready.message);

    let (mut cluster, platform, outcome) = applied(minimal(), Progress::AwaitingApproval, true);
    let mut claims = outcome.resources.volume_claims.clone();
    claims[0].metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    cluster.children.volume_claims = claims.into_iter().map(Arc::new).collect();
    let told = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    for wanted in ["Ready=False StorageTerminating", "Stalled=True StorageTerminating"] {
        assert!(told.iter().any(|told| told == wanted), "{told:?}");
    }
}

#[test]
fn a_service_that_is_gone_while_a_migration_fails_is_told_and_so_is_the_way_to_the_others() {
    for (retry_at, stalled) in [(Some(Timestamp::UNIX_EPOCH), None), (None, Some("MigrationFailed"))] {
        let failed = Progress::MigrationFailed { message: "no way to the database".into(), attempts: 1, retry_at };
        let (cluster, mut platform, mut outcome) = applied(minimal(), failed, true);
        platform.is_migrated = true;
        outcome.resources.deployments.remove(0);
        let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
        let of = |type_: &str| findings.iter().find(|finding| finding.type_ == type_);
        assert_eq!((findings[0].truth, findings[0].reason.as_str()), (Truth::False, "ServicesMissing"));
        let expected = "no pod runs of demo-auth, and none is made before the migration to release 1.2.3 goes through: ";
        assert!(findings[0].message.starts_with(expected), "{}", findings[0].message);
        assert_eq!(of(EXPOSED).unwrap().reason, "IngressApplied");
        assert_eq!(of(STALLED).map(|finding| finding.reason.as_str()), stalled);
        assert_eq!(of(RECONCILING).is_some(), stalled.is_none());
    }
}

#[test]
fn a_restore_comes_before_everything_and_says_how_to_go_on() {
    let mut resource = minimal();
    resource.spec.bootstrap = crate::example::restored().spec.bootstrap;
    let told = |progress| {
        let (cluster, platform, outcome) = applied(resource.clone(), progress, true);
        let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
        let of = |type_: &str| findings.iter().find(|finding| finding.type_ == type_).unwrap().clone();
        (of(READY).reason, of(BACKUP_RESTORED))
    };
    let (ready, restored) = told(Progress::Restoring);
    assert_eq!((ready.as_str(), restored.reason.as_str()), ("Restoring", "Restoring"));
    let failed = Progress::RestoreFailed { job: "demo-restore".into(), message: "BackupNotFound: there is none".into() };
    let (ready, restored) = told(failed);
    assert_eq!((ready.as_str(), restored.truth, restored.reason.as_str()), ("BackupNotFound", Truth::False, "BackupNotFound"));
    assert!(restored.message.contains("when Job demo-restore is deleted"), "{}", restored.message);
    assert_eq!(told(Progress::Migrated).1.truth, Truth::True);
    assert_eq!(told(Progress::AwaitingApproval).1.truth, Truth::True);
}

#[test]
fn a_schedule_is_judged_by_what_came_of_it() {
    let (mut cluster, platform, outcome) = applied(full(), Progress::Migrated, true);
    let backup = |phase| {
        let mut backup = crate::example::backup();
        backup.metadata.creation_timestamp = Some(Time(Timestamp::from_second(1_700_000_000).unwrap()));
        let complete = Finding::new(COMPLETE, Truth::False, "DumpFailed", "the disk is full");
        backup.status = Some(SocialPlatformBackupStatus {
            phase: Some(phase),
            verified: Some(true),
            completed_at: Some(Time(Timestamp::from_second(1_700_000_060).unwrap())),
            conditions: merged(&[], vec![complete], Some(1), Timestamp::UNIX_EPOCH),
            ..SocialPlatformBackupStatus::default()
        });
        vec![Arc::new(backup)]
    };
    let told = |cluster: &Cluster| {
        let findings = findings(cluster, View::Applied(&platform, &outcome), &[]);
        findings.into_iter().find(|finding| finding.type_ == BACKED_UP).unwrap().reason
    };
    assert_eq!(told(&cluster), "NoBackupYet");
    cluster.backups = backup(BackupPhase::Failed);
    assert_eq!(told(&cluster), "DumpFailed");
    cluster.backups = backup(BackupPhase::Completed);
    assert_eq!(told(&cluster), "Verified");
    cluster.now = Timestamp::from_second(1_700_000_000 + 3 * 86_400).unwrap();
    assert_eq!(told(&cluster), "NoBackupYet", "by hand, before there was a schedule");
    let scheduled = |at| {
        let last_scheduled_at = Some(Time(Timestamp::from_second(at).unwrap()));
        let backups = Some(BackupsStatus { last_scheduled_at, ..BackupsStatus::default() });
        Some(SocialPlatformStatus { backups, ..SocialPlatformStatus::default() })
    };
    let now = cluster.now.as_second();
    Arc::make_mut(&mut cluster.resource).status = scheduled(now);
    assert_eq!(told(&cluster), "NoBackupYet", "the first of the schedule is being made");
    Arc::make_mut(&mut cluster.resource).status = scheduled(now - 2 * 86_400);
    assert_eq!(told(&cluster), "BackupOverdue");
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
    resource.spec.exposure.tls = None;
    let (cluster, platform, outcome) = applied(resource, Progress::Migrated, true);
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    assert_eq!(findings[0].truth, Truth::True);
}

#[test]
fn alerts_without_their_api_are_a_condition_and_the_platform_is_ready_nonetheless() {
    let mut resource = full();
    resource.spec.exposure.mode = crate::crd::ExposureMode::None;
    resource.spec.exposure.gateway = None;
    resource.spec.exposure.tls = None;
    let (cluster, mut platform, outcome) = applied(resource, Progress::Migrated, true);
    let told = |platform: &Platform| reasons(&status(&cluster, View::Applied(platform, &outcome)).conditions);
    let without = told(&platform);
    assert!(without.contains(&"Monitored=False PrometheusOperatorMissing".to_owned()), "{without:?}");
    assert!(without.contains(&"Ready=True AllComponentsAvailable".to_owned()), "{without:?}");
    platform.observability.served = true;
    assert!(told(&platform).contains(&"Monitored=True Applied".to_owned()));
    platform.observability = Observability::default();
    assert!(!told(&platform).iter().any(|it| it.starts_with("Monitored")), "nobody asked for it");
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
            (OBJECT_STORE_REACHABLE, Truth::True, "Answered"),
            (EXPOSED, Truth::True, "IngressApplied"),
            (DEVELOPMENT_ONLY, Truth::True, "DevelopmentStorage"),
            (STALLED, Truth::True, "UnknownVersion"),
        ]
    );
    assert_eq!(findings[0].message, "choose another; create it");
}

/// The platform with `lifecycle` as it says.
fn living(lifecycle: LifecycleSpec) -> SocialPlatform {
    let mut resource = minimal();
    resource.spec.lifecycle = Some(lifecycle);
    resource
}

#[test]
fn a_platform_that_hibernates_is_ready_for_that_reason() {
    let resource = living(LifecycleSpec { hibernated: Some(true), ..LifecycleSpec::default() });
    let (cluster, platform, outcome) = applied(resource, Progress::Hibernated, true);
    for deployment in outcome.resources.stores.iter().chain(&outcome.resources.deployments) {
        assert_eq!(deployment.spec.as_ref().unwrap().replicas, Some(0));
    }
    let status = status(&cluster, View::Applied(&platform, &outcome));
    let reasons = reasons(&status.conditions);
    assert_eq!(reasons[0], "Ready=True Hibernated");
    assert!(reasons.contains(&"Hibernated=True Requested".to_owned()), "{reasons:?}");
    assert!(!reasons.iter().any(|it| it.starts_with("Reconciling")), "{reasons:?}");
}

#[test]
fn a_paused_platform_says_so_and_keeps_counting_its_pods() {
    let (before, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let ready = status(&before, View::Applied(&platform, &outcome)).conditions;
    let mut paused = cluster(living(LifecycleSpec { paused: Some(true), ..LifecycleSpec::default() }));
    let told = |cluster: &Cluster, old: &[Condition]| findings(cluster, View::Paused, old);

    paused.children.deployments = outcome.resources.deployments.iter().cloned().map(Arc::new).collect();
    let found = told(&paused, &ready);
    assert_eq!((found[0].truth, found[0].reason.as_str()), (Truth::True, "AllComponentsAvailable"));
    assert!(found.iter().any(|it| (it.type_, it.truth) == (PAUSED, Truth::True)), "{found:?}");

    let (_, _, missing) = applied(minimal(), Progress::Migrated, false);
    paused.children.deployments = missing.resources.deployments.iter().cloned().map(Arc::new).collect();
    let found = told(&paused, &ready);
    assert_eq!((found[0].truth, found[0].reason.as_str()), (Truth::False, "RollingOut"));
}

#[test]
fn a_database_without_cloud_native_pg_is_a_condition_and_no_crash() {
    let waiting = Progress::WaitingForStores(vec!["demo-postgres".to_owned()]);
    let (cluster, platform, outcome) = applied(cloud_native_pg(), waiting, false);
    assert!(outcome.resources.postgres_clusters.is_empty());
    let reasons = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    assert!(reasons.contains(&"DatabaseReady=False CloudNativePGMissing".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"Ready=False CloudNativePGMissing".to_owned()), "{reasons:?}");
}

#[test]
fn a_new_platform_begins_with_the_rotation_that_it_asks_for() {
    let (mut cluster, platform, outcome) = applied(full(), Progress::Migrated, true);
    let first = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    assert!(first.contains(&"SecretsRotated=True Rotated".to_owned()), "{first:?}");

    Arc::make_mut(&mut cluster.resource).spec.lifecycle.as_mut().unwrap().rotation = Some("2027-01".to_owned());
    let then = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    assert!(then.contains(&"SecretsRotated=False Pending".to_owned()), "{then:?}");
}
