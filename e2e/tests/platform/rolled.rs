//! A release that nobody notices.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, ResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::environment;
use crate::following::Heard;
use crate::gateway::{Person, text};
use crate::load::Load;
use crate::platform::minimal;
use crate::scene::{Scene, story};
use crate::wait::{DEADLINE, eventually};

const SERVICES: [&str; 4] = ["auth", "photo", "relation", "social"];
/// How many requests are made at the least, and with `PROVE=1`.
const SAMPLE: usize = 5_000;
const ALL: usize = 100_000;
/// How many people make them.
const PEOPLE: usize = 6;
/// A request of each person's as often as this, below the limits of one account and of one address.
const PACE: Duration = Duration::from_millis(30);
const PROVING_PACE: Duration = Duration::from_millis(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_every_pod_of_every_service_is_replaced() {
    story("rolled", async |scene: &Scene| {
        let (least, pace) = if environment::proves() { (ALL, PROVING_PACE) } else { (SAMPLE, PACE) };
        let platform = scene.platform();
        platform.run(&release(scene, 0)).await;
        scene.gateway().serves().await;

        let load = Arc::new(Load::default());
        let author = person(scene, "author").await;
        let listener = person(scene, "listener").await;
        follows(&listener, &author).await;
        let (author_id, listener_id) = (author.id.clone(), listener.id.clone());
        let written = Arc::new(OnceLock::<BTreeSet<String>>::new());
        let heard = Heard::default();
        let ready = heard.ready.clone();
        let heard = tokio::spawn(listen(heard, listener, load.clone(), written.clone()));
        tokio::time::timeout(DEADLINE, ready.notified()).await.expect("the stream opens");
        let writing = tokio::spawn(use_everything(author, listener_id, load.clone(), pace));
        let mut others = Vec::new();
        for number in 1..PEOPLE {
            let person = person(scene, &format!("person{number}")).await;
            others.push(tokio::spawn(use_everything(person, author_id.clone(), load.clone(), pace)));
        }
        let patient = person(scene, "patient").await;
        let slow = load.clone();
        let uploading = tokio::spawn(async move { slow.upload_slowly(patient).await });

        let (persistent, long, begun) = (person(scene, "persistent").await, load.clone(), Arc::new(Notify::new()));
        let told = begun.clone();
        let upload = tokio::spawn(async move { long.upload_for_a_minute(persistent, told).await });
        tokio::time::timeout(DEADLINE, begun.notified()).await.expect("the long upload begins");

        let mut round = 0;
        while round == 0 || load.requests() < least {
            round += 1;
            is_replaced(scene, &release(scene, round)).await;
            no_failure(&load);
        }
        load.end();
        upload.await.expect("the long upload comes to its end");
        uploading.await.expect("somebody uploads to the end");
        for other in others {
            other.await.expect("everybody goes on to the end");
        }
        let posts = writing.await.expect("the author writes to the end");
        assert!(!posts.is_empty(), "the author has posted");
        written.set(posts.into_iter().collect()).expect("it is set once");
        let heard = tokio::time::timeout(DEADLINE, heard).await.expect("every post arrives on the stream");
        let heard = heard.expect("somebody listens to the end");
        no_failure(&load);
        println!(
            "{}: 0 of {} requests failed, {} uploads among them, while all pods were replaced {round} times; \
             a stream was opened {} times and brought all of {} posts",
            scene.namespace,
            load.requests(),
            load.uploads(),
            heard.opened,
            written.get().map_or(0, BTreeSet::len),
        );
    })
    .await;
}

/// Two pods of each service, and something that makes them others in each round.
fn release(scene: &Scene, round: usize) -> Value {
    let annotations = json!({ "example.org/round": round.to_string() });
    let service = json!({ "replicas": 2, "podOverrides": { "metadata": { "annotations": annotations } } });
    let mut spec = minimal(scene);
    for name in SERVICES {
        spec["components"][name] = service.clone();
    }
    spec
}

/// Applies a spec, and waits until no pod of a service is one of those before.
async fn is_replaced(scene: &Scene, spec: &Value) {
    let before = pods(scene).await;
    let platform = scene.platform();
    platform.apply(spec).await.expect("the API server takes the resource");
    platform.ready().await;
    eventually("every pod is replaced", async || match pods(scene).await.intersection(&before).next() {
        None => Ok(()),
        Some(pod) => Err(format!("{pod} is still there")),
    })
    .await;
}

/// The pods of the services, those that are ending among them.
async fn pods(scene: &Scene) -> BTreeSet<String> {
    let api: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let services = ListParams::default().labels(&format!("app.kubernetes.io/component in ({})", SERVICES.join(",")));
    api.list(&services).await.expect("pods can be listed").iter().map(|pod| pod.name_any()).collect()
}

fn no_failure(load: &Load) {
    let failures = load.failures();
    let some: Vec<_> = failures.iter().take(10).map(|failure| format!("\n  {failure}")).collect();
    assert!(failures.is_empty(), "{} of {} requests failed:{}", failures.len(), load.requests(), some.concat());
}

/// Somebody with a connection of their own.
async fn person(scene: &Scene, handle: &str) -> Person {
    Person::sign_up(&scene.gateway(), handle).await
}

/// Follows somebody, and waits until every service knows.
async fn follows(listener: &Person, author: &Person) {
    listener.put(&format!("/v1/relations/{}/follow", author.id)).await.accepted("follow the author");
    let post = author.post(json!({ "text": "Is anybody there?", "visibility": "public" })).await;
    eventually("the post is in the follower's home timeline", async || {
        let home = listener.get("/v1/timelines/home").await.accepted("read a home timeline").json();
        let items = home["items"].as_array().cloned().unwrap_or_default();
        if items.iter().any(|item| post.ends_with(&text(item, "/id"))) { Ok(()) } else { Err(home.to_string()) }
    })
    .await;
}

async fn use_everything(person: Person, friend: String, load: Arc<Load>, pace: Duration) -> Vec<String> {
    load.use_everything(person, &friend, pace).await
}

/// Listens until everything that was written has come.
async fn listen(mut heard: Heard, person: Person, load: Arc<Load>, written: Arc<OnceLock<BTreeSet<String>>>) -> Heard {
    heard.listen(person, &load, |heard| written.get().is_some_and(|written| written.is_subset(&heard.posts))).await;
    heard
}
