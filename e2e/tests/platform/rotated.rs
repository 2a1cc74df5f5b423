//! Passwords and keys that are replaced, and nobody notices.
//!
//! `scripts/e2e` installs an operator that accepts the old ones for seconds only. What they are accepted for in the end is what was
//! begun with them: in these stories that is over by then.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{ListParams, ResourceExt as _};
use serde_json::{Value, json};

use crate::crowd::{Crowd, PACE, follows, person};
use crate::environment;
use crate::platform::{NAME, minimal};
use crate::rolled::{SERVICES, are_replaced, pods};
use crate::scene::{Scene, story};
use crate::wait::eventually;

/// How often they are replaced, and with `PROVE=1`: back into the places where the first ones were.
const SAMPLE: usize = 1;
const ALL: usize = 2;
/// A private photo is shown as often as this.
const SHOWING_PACE: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_all_passwords_and_keys_are_replaced() {
    story("rotated", async |scene: &Scene| {
        let platform = scene.platform();
        platform.run(&minimal(scene)).await;
        scene.gateway().serves().await;
        let crowd = Crowd::gather(scene, PACE).await;
        let (author, follower) = (person(scene, "photographer").await, person(scene, "friend").await);
        follows(&follower, &author).await;
        let load = crowd.load.clone();
        let showing = tokio::spawn(async move { load.show_privately(author, follower, SHOWING_PACE).await });

        let rotations = if environment::proves() { ALL } else { SAMPLE };
        for rotation in 1..=rotations {
            let (old_pods, old_secrets) = (pods(scene).await, secrets(scene).await);
            assert!(!old_secrets.is_empty(), "services have passwords and keys");
            let start = Instant::now();
            platform.apply(&asking_for(scene, rotation)).await.expect("the API server takes the resource");
            platform.rotated().await;
            are_replaced(scene, &old_pods).await;
            eventually("no old password and no old key is left", async || match secrets(scene).await.intersection(&old_secrets).next() {
                None => Ok(()),
                Some(secret) => Err(format!("{secret} is still there")),
            })
            .await;
            crowd.no_failure();
            println!("{}: passwords and keys were replaced in {:.1} s", scene.namespace, start.elapsed().as_secs_f64());
        }
        crowd.load.end();
        let seen = showing.await.expect("photos are shown to the end");
        assert!(seen > 0, "a private photo was seen");
        println!("{}: replaced {rotations} times; {}; private photos were seen {seen} times", scene.namespace, crowd.go_home().await);
    })
    .await;
}

fn asking_for(scene: &Scene, rotation: usize) -> Value {
    let mut spec = minimal(scene);
    spec["lifecycle"] = json!({ "rotation": rotation.to_string() });
    spec
}

/// The Secrets with the passwords and the keys of the services.
async fn secrets(scene: &Scene) -> BTreeSet<String> {
    let api: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let all = api.list(&ListParams::default()).await.expect("Secrets can be listed");
    let is_of_a_service = |name: &String| SERVICES.iter().any(|service| name.starts_with(&format!("{NAME}-{service}-")));
    all.iter().map(|secret| secret.name_any()).filter(is_of_a_service).collect()
}
