//! The operator with the rights that the chart gives it by default: those of Roles, in one namespace.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{Api, ListParams};
use kube::client::ClientBuilder;
use operator::controller::Options;
use operator::crd::{BackupPhase, SocialPlatform};
use operator::example::{backup, minimal};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::backups::{NAME, in_phase, pending, report};
use crate::harness::{Harness, Operator, eventually, external};
use crate::player::Jobs;

/// What the chart makes of its default values.
const INSTALLED: &str = include_str!("../../../manifests/install.yaml");
/// The name of the operator's account there.
const ACCOUNT: &str = "social-platform-operator";
/// The name of its catalog.
const IMAGES: &str = "social-platform-operator-images";

/// Makes the Roles, their bindings and the catalog, in the namespace of the test instead of the chart's.
async fn install(harness: &Harness) {
    for document in serde_yaml_ng::Deserializer::from_str(INSTALLED) {
        let object = Value::deserialize(document).unwrap();
        match object["kind"].as_str() {
            Some("Role") => {
                harness.create::<Role>(&moved(object, harness)).await;
            }
            Some("RoleBinding") => {
                harness.create::<RoleBinding>(&moved(object, harness)).await;
            }
            Some("ConfigMap") => {
                harness.create::<ConfigMap>(&moved(object, harness)).await;
            }
            _ => {}
        }
    }
}

/// The object, of the namespace of the test and for the account there.
fn moved<K: for<'de> Deserialize<'de>>(mut object: Value, harness: &Harness) -> K {
    object["metadata"]["namespace"] = json!(harness.namespace);
    for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        subject["namespace"] = json!(harness.namespace);
    }
    serde_json::from_value(object).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_installed_roles_are_all_that_an_operator_of_one_namespace_needs() {
    let harness = Harness::prepare("installed").await;
    install(&harness).await;
    let mut config = harness.config.clone();
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{}:{ACCOUNT}", harness.namespace));
    let client = ClientBuilder::try_from(config).unwrap().with_layer(&harness.requests).build();
    let jobs: Api<Job> = Api::namespaced(client.clone(), &harness.namespace);
    eventually("the rights are in force", || async {
        jobs.list(&ListParams::default()).await.map(drop).map_err(|error| error.to_string())
    })
    .await;

    // What is forbidden is seen, or there would be none of it below in any case.
    harness.requests.clear();
    let elsewhere: Api<Secret> = Api::namespaced(client.clone(), "default");
    elsewhere.list(&ListParams::default()).await.expect_err("it has no right to Secrets elsewhere");
    assert_eq!(harness.requests.forbidden(), ["GET /api/v1/namespaces/default/secrets"]);

    harness.requests.clear();
    let options = Options { images_config_map: Some(IMAGES.to_owned()), ..harness.options() };
    Operator::start(client, options).detach();
    // Before there is a platform.
    harness.create(&backup()).await;
    pending(&harness, NAME, "PlatformMissing").await;
    harness.player.jobs(Jobs::Report(report()));
    let mut resource = external();
    // The one of the installed catalog.
    resource.spec.version = minimal().spec.version;
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    in_phase(&harness, NAME, BackupPhase::Completed).await;

    harness.edit::<SocialPlatform>("demo", json!({"spec": {"components": {"social": {"autoscaling": null, "replicas": 1}}}})).await;
    eventually("what is no longer wished for is gone", || async {
        let left = harness.api::<HorizontalPodAutoscaler>().list(&ListParams::default()).await.unwrap().items.len();
        if left == 0 { Ok(()) } else { Err(format!("{left} autoscalers")) }
    })
    .await;
    assert_eq!(harness.requests.forbidden(), [""; 0]);
}
