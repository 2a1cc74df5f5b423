//! Two operators at once.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use kube::client::ClientBuilder;
use operator::controller;
use operator::crd::SocialPlatform;
use operator::election::{Election, Fence};
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::everything::everything;
use crate::harness::{Harness, development, eventually, external};
use crate::requests::Requests;

/// An operator that stands for the Lease.
struct Elected {
    requests: Requests,
    leave: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Elected {
    fn start(harness: &Harness, identity: &str) -> Self {
        let (requests, fence, leave) = (Requests::default(), Fence::default(), Arc::new(Notify::new()));
        let fenced = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&requests).with_layer(&fence).build();
        let client = Client::try_from(harness.config.clone()).unwrap();
        let mut election = Election::new(client, &harness.namespace, "operator", identity, fence);
        let (options, asked) = (harness.options(), leave.clone());
        let task = tokio::spawn(async move {
            election.win(|| {}).await;
            let (ready, _) = watch::channel(false);
            let stop = async move { asked.notified().await };
            tokio::select! {
                lost = election.hold() => panic!("{lost}"),
                () = controller::run(fenced, options, ready, stop) => election.release().await,
            }
        });
        Self { requests, leave, task }
    }

    fn has_written(&self) -> bool {
        !self.requests.writes().is_empty()
    }
}

async fn version(harness: &Harness, version: &str) {
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"version": version}})).await;
    eventually(&format!("{version} runs"), || async {
        let running = harness.wait_until_ready().await.status.unwrap().version;
        if running.as_deref() == Some(version) { Ok(()) } else { Err(format!("{running:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_works_and_the_other_takes_over_when_it_dies() {
    let harness = Harness::prepare("elected").await;
    let first = Elected::start(&harness, "first");
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let second = Elected::start(&harness, "second");
    version(&harness, "2.0.0").await;
    assert!(first.has_written() && !second.has_written());

    // Without a word: the other has to wait for the Lease to run out.
    first.task.abort();
    version(&harness, "2.1.0").await;
    assert!(second.has_written());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_leaves_in_good_order_gives_its_place_away() {
    let harness = Harness::prepare("released").await;
    let first = Elected::start(&harness, "first");
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let second = Elected::start(&harness, "second");
    first.leave.notify_one();
    first.task.await.unwrap();
    first.requests.clear();
    harness.edit::<Deployment>("demo-auth", json!({"spec": {"replicas": 7}})).await;
    eventually("the second one mends it", || async {
        let replicas = harness.get::<Deployment>("demo-auth").await.spec.unwrap().replicas;
        if replicas == Some(1) { Ok(()) } else { Err(format!("{replicas:?}")) }
    })
    .await;
    assert!(second.has_written() && first.requests.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_without_an_election_end_with_the_same_objects_and_come_to_rest() {
    let alone = Harness::start("alone").await;
    alone.create(&external()).await;
    alone.wait_until_ready().await;
    let expected = everything(&alone).await;

    let harness = Harness::start("two").await;
    harness.operate(harness.observed()).detach();
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    eventually("the objects are those of one operator alone", || async {
        let found = everything(&harness).await;
        let differs = |(found, expected): (&String, &String)| (found != expected).then(|| format!("{found}\nis not\n{expected}"));
        match found.iter().zip(&expected).find_map(differs) {
            None if found.len() == expected.len() => Ok(()),
            None => Err(format!("{} and not {} objects", found.len(), expected.len())),
            Some(difference) => Err(difference),
        }
    })
    .await;
    let reconciles = |count: usize| {
        let requests = harness.requests.clone();
        async move {
            eventually("some reconciles", || async {
                let seen = requests.reads_of("/secrets/demo-pg-app");
                if seen >= count { Ok(()) } else { Err(format!("{seen} of {count}")) }
            })
            .await;
        }
    };
    harness.requests.clear();
    reconciles(8).await;
    harness.requests.clear();
    reconciles(12).await;
    assert_eq!(harness.requests.writes(), [""; 0]);
}
