use k8s_openapi::api::apps::v1::DeploymentCondition;

use super::*;

const COUNTS: &str = "pods that run this version and serve: demo-auth has 0 of 2";

/// Two pods of before, which serve, and a new one, which does not; and what Kubernetes says of it.
fn rolling(deployment: &mut Deployment, (type_, holds): (&str, &str), says: &str) {
    let condition = DeploymentCondition {
        type_: type_.to_owned(),
        status: holds.to_owned(),
        message: Some(says.to_owned()),
        ..DeploymentCondition::default()
    };
    deployment.spec.as_mut().unwrap().replicas = Some(2);
    deployment.status = Some(DeploymentStatus {
        replicas: Some(3),
        updated_replicas: Some(1),
        available_replicas: Some(2),
        observed_generation: Some(1),
        conditions: Some(vec![condition]),
        ..DeploymentStatus::default()
    });
}

/// What is told while auth rolls out.
fn told(condition: (&str, &str), says: &str, generation: i64) -> Vec<Finding> {
    let (cluster, platform, mut outcome) = applied(minimal(), Progress::Migrated, true);
    let auth = outcome.resources.deployments.iter_mut().find(|it| it.name_any() == "demo-auth").unwrap();
    auth.metadata.generation = Some(generation);
    rolling(auth, condition, says);
    findings(&cluster, View::Applied(&platform, &outcome), &[])
}

fn of<'a>(findings: &'a [Finding], type_: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.type_ == type_)
}

#[test]
fn pods_of_before_count_for_nothing() {
    let findings = told(("Progressing", "True"), "is progressing", 1);
    assert_eq!((findings[0].reason.as_str(), findings[0].message.as_str()), ("RollingOut", COUNTS));
    assert!(of(&findings, RECONCILING).is_some() && of(&findings, STALLED).is_none(), "{findings:?}");
}

#[test]
fn a_rollout_that_goes_nowhere_is_stalled_in_the_words_of_kubernetes() {
    for (condition, says, reason) in [
        (("Progressing", "False"), "ReplicaSet \"demo-auth-1\" has timed out progressing.", "RolloutStuck"),
        (("ReplicaFailure", "True"), "pods \"demo-auth-1-\" is forbidden: exceeded quota", "PodsRefused"),
    ] {
        let findings = told(condition, says, 1);
        assert_eq!((findings[0].truth, findings[0].reason.as_str()), (Truth::False, reason));
        assert_eq!(findings[0].message, format!("Deployment demo-auth: {says}; {COUNTS}"));
        let stalled = of(&findings, STALLED).unwrap();
        assert_eq!((stalled.reason.as_str(), &stalled.message), (reason, &findings[0].message));
        assert!(of(&findings, RECONCILING).is_none(), "{findings:?}");
    }
}

#[test]
fn what_kubernetes_said_of_the_spec_before_is_over() {
    let findings = told(("Progressing", "False"), "has timed out progressing", 2);
    assert_eq!((findings[0].reason.as_str(), findings[0].message.as_str()), ("RollingOut", COUNTS));
}

#[test]
fn storage_that_never_comes_says_why_before_the_migration_that_waits_for_it() {
    let waiting = Progress::WaitingForStores(vec!["demo-postgres".to_owned()]);
    let (cluster, platform, mut outcome) = applied(minimal(), waiting, true);
    rolling(&mut outcome.resources.stores[0], ("ReplicaFailure", "True"), "is forbidden: exceeded quota");
    let findings = findings(&cluster, View::Applied(&platform, &outcome), &[]);
    assert_eq!(findings[0].reason, "PodsRefused");
    assert!(of(&findings, STALLED).is_some(), "{findings:?}");
    assert_eq!(of(&findings, DATABASE_MIGRATED).unwrap().reason, "WaitingForStorage");
}
