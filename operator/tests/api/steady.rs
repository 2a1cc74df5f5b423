//! From a resource to a platform, and then nothing more: shapes.rs has the shapes of which that is so.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::ResourceExt;
use operator::crd::SocialPlatform;
use serde_json::json;

use crate::events::ready_is_told;
use crate::harness::{Harness, development, eventually, external};

/// Names of all objects of one kind, without the platform's name.
macro_rules! names {
    ($harness:expr, $kind:ty) => {{
        let list = $harness.api::<$kind>().list(&Default::default()).await.unwrap();
        let names = list.iter().map(ResourceExt::name_any);
        let mut ours: Vec<String> = names.filter_map(|name| Some(name.strip_prefix("demo")?.to_owned())).collect();
        ours.sort();
        ours
    }};
}

/// Waits until the last of what was under way is written, such as events; and then for four reconciles, which are to write nothing.
/// Each reads `secret`, which somebody else writes and the spec of the platform names: so they can be counted. What the
/// controller of Deployments still did meanwhile would be told in the status; so they count only if it did nothing.
pub async fn nothing_is_written(harness: &Harness, what: &str, secret: &str) {
    let written = eventually(&format!("{what} comes to rest"), || async {
        let before = deployments(harness).await;
        let late = writes_of(harness, 2, secret).await;
        let written = writes_of(harness, 4, secret).await;
        // One event after the other is posted, for as long as that takes.
        let is_telling = !written.is_empty() && written.iter().all(|it| it.contains("/events"));
        match late.is_empty() && !is_telling && before == deployments(harness).await {
            true => Ok(written),
            false => Err(format!("it writes {late:?}, then {written:?}")),
        }
    })
    .await;
    assert_eq!(written, [""; 0], "{what}");
}

/// The Deployments, and which version of each there is.
async fn deployments(harness: &Harness) -> Vec<(String, Option<String>)> {
    let list = harness.api::<Deployment>().list_metadata(&Default::default()).await.unwrap();
    list.iter().map(|deployment| (deployment.name_any(), deployment.resource_version())).collect()
}

/// What the next reconciles write.
async fn writes_of(harness: &Harness, reconciles: usize, secret: &str) -> Vec<String> {
    harness.requests.clear();
    eventually("some reconciles", || async {
        let seen = harness.requests.reads_of(&format!("/secrets/{secret}"));
        if seen >= reconciles { Ok(()) } else { Err(format!("{seen} of {reconciles}")) }
    })
    .await;
    harness.requests.writes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_becomes_a_platform() {
    let harness = Harness::start("platform").await;
    harness.create(&development()).await;
    let platform = harness.wait_until_ready().await;

    let components = ["-auth", "-migrate", "-photo", "-postgres", "-relation", "-s3", "-social"];
    let with_ports: Vec<_> = components.into_iter().filter(|name| *name != "-migrate").collect();
    assert_eq!(names!(harness, ServiceAccount), components);
    assert_eq!(names!(harness, Deployment), with_ports);
    assert_eq!(names!(harness, Service), with_ports);
    assert_eq!(names!(harness, PersistentVolumeClaim), ["-postgres", "-s3"]);
    assert_eq!(names!(harness, ConfigMap), ["-service-keys"]);
    assert_eq!(names!(harness, Ingress), [""]);
    assert_eq!(names!(harness, NetworkPolicy).len(), components.len() + 1);
    assert_eq!(names!(harness, Job).len(), 1);
    // Two for each service, the key-encryption key, the migration's, the first administrator's, and one for each store;
    // four are the test's own.
    assert_eq!(names!(harness, Secret).len(), 8 + 3 + 2 + 4);

    let status = platform.status.unwrap();
    assert_eq!(status.version.as_deref(), Some("1.0.0"));
    assert_eq!(status.migration.unwrap().version, "1.0.0");
    let rows: Vec<_> = status.components.iter().map(|row| (row.name.as_str(), row.ready)).collect();
    assert_eq!(rows, [("auth", 1), ("photo", 1), ("relation", 1), ("social", 1)]);
    let pods = harness.api::<Pod>().list(&Default::default()).await.unwrap();
    assert!(pods.items.len() >= 6, "Pod Security lets every pod in");
    ready_is_told(&harness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_missing_is_named_and_waited_for() {
    let harness = Harness::start("secret").await;
    let mut resource = external();
    let wanted = resource.spec.database.external.as_mut().unwrap();
    wanted.secret_ref.name = "later".to_owned();
    harness.create(&resource).await;
    let platform = harness.wait_for("SecretsResolved", "False", "SecretMissing").await;
    let conditions = platform.status.unwrap().conditions;
    assert!(conditions[0].message.contains("Secret later"), "{}", conditions[0].message);

    let mut secret: Secret = harness.get("demo-pg-app").await;
    secret.metadata = kube::api::ObjectMeta {
        name: Some("later".to_owned()),
        labels: Some([("socialplatform.dev/reload".to_owned(), "true".to_owned())].into()),
        ..Default::default()
    };
    harness.create(&secret).await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_version_is_stalled_until_the_catalog_has_it() {
    let harness = Harness::start("version").await;
    let mut resource = development();
    resource.spec.version = "3.0.0".to_owned();
    harness.create(&resource).await;
    harness.wait_for("Stalled", "True", "UnknownVersion").await;
    assert_eq!(names!(harness, Deployment), [""; 0]);

    let added = json!({"data": {"3.0.0": "example.org/social-platform:3.0.0"}});
    harness.edit::<ConfigMap>("images", added).await;
    let platform = harness.wait_until_ready().await;
    let conditions = platform.status.unwrap().conditions;
    assert!(!conditions.iter().any(|condition| condition.type_ == "Stalled"), "{conditions:?}");

    // As after an upgrade of the operator, whose catalog has its own release only.
    harness.edit::<ConfigMap>("images", json!({"data": {"3.0.0": null}})).await;
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"components": {"auth": {"replicas": 2}}}})).await;
    eventually("what runs is looked after", || async {
        let replicas = harness.get::<Deployment>("demo-auth").await.spec.unwrap().replicas;
        if replicas == Some(2) { Ok(()) } else { Err(format!("{replicas:?}")) }
    })
    .await;
}
