//! Two operators at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use kube::client::ClientBuilder;
use kube::{Client, ResourceExt};
use operator::controller;
use operator::crd::SocialPlatform;
use operator::election::{Election, Fence, Lost};
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::crash::one_job_a_version;
use crate::everything::{everything, everything_at_rest};
use crate::faults::refusal;
use crate::harness::{Harness, development, eventually, external};
use crate::instead::Instead;
use crate::requests::Requests;

/// An operator that stands for the Lease.
struct Elected {
    /// The client with which it works.
    client: Client,
    requests: Requests,
    /// Whether what it asks for about the Lease is refused.
    cut_off: Arc<AtomicBool>,
    /// Whether it has seen who holds the Lease.
    has_looked: Arc<AtomicBool>,
    leave: Arc<Notify>,
    task: JoinHandle<Result<(), Lost>>,
}

impl Elected {
    fn start(harness: &Harness, identity: &str) -> Self {
        let (requests, fence, leave) = (Requests::default(), Fence::default(), Arc::new(Notify::new()));
        let fenced = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&requests).with_layer(&fence).build();
        let cut_off = Arc::new(AtomicBool::new(false));
        let is_cut_off = cut_off.clone();
        let refusals = Instead::new(move |_| is_cut_off.load(Ordering::SeqCst).then(|| refusal(500, "InternalError")));
        let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&refusals).build();
        let mut election = Election::new(client, &harness.namespace, "operator", identity, fence);
        let (options, asked, client) = (harness.options(), leave.clone(), fenced.clone());
        let has_looked = Arc::new(AtomicBool::new(false));
        let looked = has_looked.clone();
        let task = tokio::spawn(async move {
            election.win(|| looked.store(true, Ordering::SeqCst)).await;
            let (ready, _) = watch::channel(false);
            let stop = async move { asked.notified().await };
            tokio::select! {
                lost = election.hold() => Err(lost),
                () = controller::run(fenced, options, ready, stop) => {
                    election.release().await;
                    Ok(())
                }
            }
        });
        Self { client, requests, cut_off, has_looked, leave, task }
    }

    fn has_written(&self) -> bool {
        !self.requests.writes().is_empty()
    }

    /// Waits until it has lost the Lease, and tries whether anything that is left of it could still write.
    async fn ends(&mut self, harness: &Harness) {
        eventually("it ends", || async { if self.task.is_finished() { Ok(()) } else { Err("it works on".to_owned()) } }).await;
        let lost = (&mut self.task).await.expect("it ends by itself").expect_err("it has lost the Lease");
        assert!(lost.to_string().contains("Lease operator"), "{lost}");
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &harness.namespace);
        deployments.get("demo-auth").await.expect("it may still read");
        let change = Patch::Merge(json!({"metadata": {"annotations": {"written": "too late"}}}));
        let refused = deployments.patch("demo-auth", &PatchParams::default(), &change).await.expect_err("it may not write");
        assert!(refused.to_string().contains("the Lease is not held"), "{refused}");
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

/// Starts another after one that has ended: what is changed from now on, the other mends.
async fn is_followed(harness: &Harness, first: &Elected) {
    first.requests.clear();
    change_a_size(harness).await;
    let second = Elected::start(harness, "second");
    is_mended(harness, "the second one").await;
    assert!(second.has_written() && !first.has_written());
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
    first.task.await.unwrap().unwrap();
    first.requests.clear();
    change_a_size(&harness).await;
    is_mended(&harness, "the second one").await;
    assert!(second.has_written() && first.requests.writes().is_empty());
}

/// Somebody changes the size of auth: the operator that works sets it right.
async fn change_a_size(harness: &Harness) {
    harness.edit::<Deployment>("demo-auth", json!({"spec": {"replicas": 7}})).await;
}

async fn is_mended(harness: &Harness, by: &str) {
    eventually(&format!("{by} mends it"), || async {
        let replicas = harness.get::<Deployment>("demo-auth").await.spec.unwrap().replicas;
        if replicas == Some(1) { Ok(()) } else { Err(format!("{replicas:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_sees_another_in_its_place_ends_and_writes_nothing_more() {
    let harness = Harness::prepare("replaced").await;
    let mut first = Elected::start(&harness, "first");
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    // It may be renewing it: whoever changes it by force comes through.
    harness.edit::<Lease>("operator", json!({"spec": {"holderIdentity": "another"}})).await;
    first.ends(&harness).await;

    // The other is never heard of, so the next one waits for the Lease to run out.
    is_followed(&harness, &first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_renew_the_lease_ends_and_writes_nothing_more() {
    let harness = Harness::prepare("cut-off").await;
    let mut first = Elected::start(&harness, "first");
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    first.cut_off.store(true, Ordering::SeqCst);
    first.ends(&harness).await;
    // It ended for that reason alone.
    let holder = harness.get::<Lease>("operator").await.spec.unwrap().holder_identity;
    assert_eq!(holder.as_deref(), Some("first"));

    is_followed(&harness, &first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_deleted_is_made_again_by_its_holder() {
    let harness = Harness::prepare("deleted").await;
    let first = Elected::start(&harness, "first");
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let second = Elected::start(&harness, "second");
    // One that has never seen a Lease would make its own.
    eventually("the second one has looked", || async {
        if second.has_looked.load(Ordering::SeqCst) { Ok(()) } else { Err("it has not".to_owned()) }
    })
    .await;
    let deleted = harness.get::<Lease>("operator").await.uid();
    harness.api::<Lease>().delete("operator", &DeleteParams::default()).await.unwrap();
    eventually("the first one has made another", || async {
        let lease = harness.api::<Lease>().get_opt("operator").await.unwrap();
        let holder = lease.as_ref().and_then(|lease| lease.spec.as_ref()?.holder_identity.clone());
        let is_new = lease.is_some_and(|lease| lease.uid() != deleted);
        if is_new && holder.as_deref() == Some("first") { Ok(()) } else { Err(format!("it is held by {holder:?}")) }
    })
    .await;
    change_a_size(&harness).await;
    is_mended(&harness, "the first one").await;
    assert!(first.has_written() && !second.has_written());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_without_an_election_end_with_the_same_objects_and_come_to_rest() {
    let alone = Harness::start("alone").await;
    alone.create(&external()).await;
    alone.wait_until_ready().await;
    version(&alone, "2.0.0").await;
    let expected = everything_at_rest(&alone).await;

    let harness = Harness::start("two").await;
    harness.operate(harness.observed()).detach();
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    version(&harness, "2.0.0").await;
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
    one_job_a_version(&harness, "two operators").await;
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
    eventually("they come to rest", || async {
        harness.requests.clear();
        reconciles(8).await;
        let written = harness.requests.writes();
        if written.is_empty() { Ok(()) } else { Err(format!("{written:?}")) }
    })
    .await;
    harness.requests.clear();
    reconciles(12).await;
    assert_eq!(harness.requests.writes(), [""; 0]);
}
