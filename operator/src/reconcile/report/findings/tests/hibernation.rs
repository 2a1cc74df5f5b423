//! What keeps a platform awake that is to sleep.

use k8s_openapi::api::batch::v1::{Job, JobCondition, JobStatus};
use serde_json::json;

use super::*;
use crate::reconcile::conditions::DATABASE_READY;
use crate::resources::postgres_cluster::postgres_cluster;

/// To sleep, and none of its services' pods is left.
fn to_sleep(mut resource: SocialPlatform) -> (Cluster, Platform, Outcome) {
    resource.spec.lifecycle = Some(LifecycleSpec { hibernated: Some(true), ..LifecycleSpec::default() });
    applied(resource, Progress::Hibernated, true)
}

/// The reason of a condition, and its message.
fn told(cluster: &Cluster, platform: &Platform, outcome: &Outcome, type_: &str) -> (String, String) {
    let findings = findings(cluster, View::Applied(platform, outcome), &[]);
    let found = findings.into_iter().find(|finding| finding.type_ == type_).unwrap();
    (found.reason, found.message)
}

#[test]
fn a_job_that_was_begun_goes_on_and_is_told() {
    let (mut cluster, platform, outcome) = to_sleep(minimal());
    let mut job = Job::default();
    job.metadata.name = Some("demo-backup-1".to_owned());
    cluster.children.jobs = vec![Arc::new(job.clone())];
    let (reason, message) = told(&cluster, &platform, &outcome, READY);
    assert_eq!((reason.as_str(), message.as_str()), ("Hibernating", "Job demo-backup-1 has not ended yet"));

    for ended in ["Complete", "Failed"] {
        let condition = JobCondition { type_: ended.to_owned(), status: "True".to_owned(), ..JobCondition::default() };
        job.status = Some(JobStatus { conditions: Some(vec![condition]), ..JobStatus::default() });
        cluster.children.jobs = vec![Arc::new(job.clone())];
        assert_eq!(told(&cluster, &platform, &outcome, READY).0, "Hibernated", "{ended}");
    }
}

#[test]
fn a_database_of_cloud_native_pg_sleeps_when_that_says_so() {
    let (cluster, mut platform, mut outcome) = to_sleep(cloud_native_pg());
    if let crate::platform::Database::CloudNativePg(wanted) = &mut platform.database {
        wanted.served = true;
    }
    let mut database = postgres_cluster(&platform).unwrap();
    let mut both = |conditions: serde_json::Value| {
        database.status = Some(serde_json::from_value(json!({ "conditions": conditions })).unwrap());
        outcome.resources.postgres_clusters = vec![database.clone()];
        [READY, DATABASE_READY].map(|type_| told(&cluster, &platform, &outcome, type_).0)
    };
    let says = |type_: &str, status: &str| {
        json!([{
            "type": type_, "status": status, "reason": "Because", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
        }])
    };
    for awake in [json!([]), says("Ready", "True"), says("cnpg.io/hibernation", "False")] {
        assert_eq!(both(awake.clone()), ["Hibernating"; 2], "{awake}");
    }
    assert_eq!(both(says("cnpg.io/hibernation", "True")), ["Hibernated"; 2]);
}
