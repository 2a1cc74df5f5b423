//! A release that nobody notices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, ResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::crowd::{Crowd, PACE, person};
use crate::platform::{NAME, minimal};
use crate::scene::{Scene, story};
use crate::wait::{DEADLINE, eventually};
use crate::{environment, wanted};

/// The services of a platform.
pub const SERVICES: [&str; 4] = ["auth", "photo", "relation", "social"];
/// How many requests are made at the least, and with `PROVE=1`.
const SAMPLE: usize = 5_000;
const ALL: usize = 100_000;
/// With `PROVE=1`, a request of each person's as often as this.
const PROVING_PACE: Duration = Duration::from_millis(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_every_pod_of_every_service_is_replaced() {
    story("rolled", async |scene: &Scene| {
        let (least, pace) = if environment::proves() { (ALL, PROVING_PACE) } else { (SAMPLE, PACE) };
        scene.platform().run(&release(scene, 0)).await;
        scene.gateway().serves().await;

        let crowd = Crowd::gather(scene, pace).await;
        let (persistent, long, begun) = (person(scene, "persistent").await, crowd.load.clone(), Arc::new(Notify::new()));
        let told = begun.clone();
        let upload = tokio::spawn(async move { long.upload_for_long(persistent, told).await });
        tokio::time::timeout(DEADLINE, begun.notified()).await.expect("the long upload begins");

        let mut round = 0;
        while round == 0 || crowd.load.requests() < least {
            round += 1;
            let before = pods(scene).await;
            scene.platform().apply(&release(scene, round)).await.expect("the API server takes the resource");
            are_replaced(scene, &before).await;
            crowd.no_failure();
        }
        upload.await.expect("the long upload comes to its end");
        let migrations = [environment::VERSION, environment::NEXT_VERSION].map(|version| (version.to_owned(), 1));
        assert_eq!(wanted::migrations(scene).await, BTreeMap::from(migrations), "one migration for each release");
        are_of_the_next_release(scene).await;
        println!("{}: all pods were replaced {round} times; {}", scene.namespace, crowd.go_home().await);
    })
    .await;
}

/// Every service is of the next release, and runs its image.
async fn are_of_the_next_release(scene: &Scene) {
    let objects = wanted::all(scene, &scene.platform()).await;
    for service in SERVICES {
        let deployment = &objects[&format!("Deployment {NAME}-{service}")];
        assert_eq!(deployment["version"], environment::NEXT_VERSION, "{deployment}");
        assert_eq!(deployment["owners"], json!([["SocialPlatform", NAME, true]]), "{deployment}");
        assert_eq!(deployment["spec"]["replicas"], 2, "{deployment}");
        assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "localhost/social-platform:dev", "{deployment}");
    }
}

/// Two pods of each service, and something that makes them others in each round. The first round brings the next release.
fn release(scene: &Scene, round: usize) -> Value {
    let annotations = json!({ "example.org/round": round.to_string() });
    let service = json!({ "replicas": 2, "podOverrides": { "metadata": { "annotations": annotations } } });
    let mut spec = minimal(scene);
    if round > 0 {
        spec["version"] = environment::NEXT_VERSION.into();
    }
    for name in SERVICES {
        spec["components"][name] = service.clone();
    }
    spec
}

/// Waits until the platform is ready, and no pod of a service is one of those before.
pub async fn are_replaced(scene: &Scene, before: &BTreeSet<String>) {
    scene.platform().ready().await;
    eventually("every pod is replaced", async || match pods(scene).await.intersection(before).next() {
        None => Ok(()),
        Some(pod) => Err(format!("{pod} is still there")),
    })
    .await;
}

/// The pods of the services, those that are ending among them.
pub async fn pods(scene: &Scene) -> BTreeSet<String> {
    let api: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let services = ListParams::default().labels(&format!("app.kubernetes.io/component in ({})", SERVICES.join(",")));
    api.list(&services).await.expect("pods can be listed").iter().map(|pod| pod.name_any()).collect()
}
