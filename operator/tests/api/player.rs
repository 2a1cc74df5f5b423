//! Plays kubelet: pods serve as soon as they exist, and those of Jobs end. The controllers of the cluster make the rest
//! of it, so that Deployments become available and Jobs complete as they do in life.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, reflector, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::watch;

/// The label by which a pod of a Job is known.
const OF_A_JOB: &str = "batch.kubernetes.io/job-name";

/// How the pods of Jobs end.
#[derive(Clone, Debug)]
pub enum Jobs {
    /// Well.
    Succeed,
    /// Well, and with these last words.
    Report(String),
    /// Badly, and with these last words.
    Fail(String),
    /// Not yet.
    Wait,
}

/// How soon a pod is told again what the API server did not take.
const AGAIN: Duration = Duration::from_millis(500);

/// What the test wants.
#[derive(Clone, Debug)]
struct Part {
    jobs: Jobs,
    new_pods_serve: bool,
}

/// The player of one namespace; it plays as long as the test runs.
pub struct Player(watch::Sender<Part>);

impl Player {
    /// Begins to play.
    pub fn start(client: &Client, namespace: &str) -> Self {
        let (sender, part) = watch::channel(Part { jobs: Jobs::Succeed, new_pods_serve: true });
        tokio::spawn(play(Api::namespaced(client.clone(), namespace), part));
        Self(sender)
    }

    /// From now on the pods of Jobs end like this.
    pub fn jobs(&self, jobs: Jobs) {
        self.0.send_modify(|part| part.jobs = jobs);
    }

    /// From now on new pods that are not a Job's serve, or wait. Those that serve already go on.
    pub fn new_pods_serve(&self, serve: bool) {
        self.0.send_modify(|part| part.new_pods_serve = serve);
    }
}

/// Watches, as a list every other moment would be half of what the API server does for these tests.
async fn play(pods: Api<Pod>, mut part: watch::Receiver<Part>) {
    let (known, writer) = reflector::store();
    let mut changes = pin!(watcher(pods.clone(), watcher::Config::default()).default_backoff().reflect(writer));
    // What is known is a little old: each pod is told once.
    let mut told = BTreeSet::new();
    loop {
        let Part { jobs, new_pods_serve } = part.borrow_and_update().clone();
        let mut untold = false;
        for pod in known.state().iter().filter(|pod| is_waiting(pod)) {
            let waits = match pod.labels().contains_key(OF_A_JOB) {
                true => matches!(jobs, Jobs::Wait),
                false => !new_pods_serve,
            };
            if waits || told.contains(&pod.uid()) {
                continue;
            }
            let status = Patch::Merge(json!({ "status": status(pod, &jobs) }));
            match pods.patch_status(&pod.name_any(), &PatchParams::default(), &status).await {
                Ok(_) => drop(told.insert(pod.uid())),
                // It may be gone already; the test itself says what it misses.
                Err(_) => untold = true,
            }
        }
        tokio::select! {
            Some(_) = changes.next() => {}
            Ok(()) = part.changed() => {}
            () = tokio::time::sleep(AGAIN), if untold => {}
            else => return,
        }
    }
}

fn is_waiting(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    pod.metadata.deletion_timestamp.is_none() && matches!(phase, None | Some("Pending"))
}

fn status(pod: &Pod, jobs: &Jobs) -> Value {
    let is_job = pod.labels().contains_key(OF_A_JOB);
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let ended = |code: i32, reason: &str, message: &str| {
        json!({ "terminated": {
            "exitCode": code, "reason": reason, "message": message, "startedAt": now, "finishedAt": now,
        }})
    };
    let (phase, ready, state) = match (is_job, jobs) {
        (true, Jobs::Report(message)) => ("Succeeded", false, ended(0, "Completed", message)),
        (true, Jobs::Succeed) => ("Succeeded", false, ended(0, "Completed", "")),
        (false, _) | (true, Jobs::Wait) => ("Running", true, json!({ "running": { "startedAt": now } })),
        (true, Jobs::Fail(message)) => ("Failed", false, ended(1, "Error", message)),
    };
    let condition =
        |type_: &str, holds: bool| json!({ "type": type_, "status": if holds { "True" } else { "False" }, "lastTransitionTime": now });
    let containers: Vec<_> = pod.spec.iter().flat_map(|spec| &spec.containers).collect();
    let containers = containers.iter().map(|container| {
        json!({
            "name": container.name, "image": container.image, "imageID": "", "ready": ready, "started": ready,
            "restartCount": 0, "state": state,
        })
    });
    json!({
        "phase": phase,
        "startTime": now,
        "conditions": [
            condition("PodScheduled", true),
            condition("Initialized", true),
            condition("ContainersReady", ready),
            condition("Ready", ready),
        ],
        "containerStatuses": containers.collect::<Vec<_>>(),
    })
}
