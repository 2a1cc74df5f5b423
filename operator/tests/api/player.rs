//! Plays kubelet: pods serve as soon as they exist, and those of Jobs end. The controllers of the cluster make the rest
//! of it, so that Deployments become available and Jobs complete as they do in life.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

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

/// The player of one namespace; it plays as long as the test runs.
pub struct Player {
    jobs: Arc<Mutex<Jobs>>,
    new_pods_serve: Arc<AtomicBool>,
}

impl Player {
    /// Begins to play.
    pub fn start(client: &Client, namespace: &str) -> Self {
        let jobs = Arc::new(Mutex::new(Jobs::Succeed));
        let new_pods_serve = Arc::new(AtomicBool::new(true));
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        tokio::spawn(play(pods, jobs.clone(), new_pods_serve.clone()));
        Self { jobs, new_pods_serve }
    }

    /// From now on the pods of Jobs end like this.
    pub fn jobs(&self, jobs: Jobs) {
        *self.jobs.lock().unwrap() = jobs;
    }

    /// From now on new pods that are not a Job's serve, or wait. Those that serve already go on.
    pub fn new_pods_serve(&self, serve: bool) {
        self.new_pods_serve.store(serve, Ordering::SeqCst);
    }
}

async fn play(pods: Api<Pod>, jobs: Arc<Mutex<Jobs>>, new_pods_serve: Arc<AtomicBool>) {
    loop {
        // The cluster may be going already; the test itself says what it misses.
        let all = pods.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
        for pod in all.iter().filter(|pod| is_waiting(pod)) {
            let jobs = jobs.lock().unwrap().clone();
            let waits = match pod.labels().contains_key(OF_A_JOB) {
                true => matches!(jobs, Jobs::Wait),
                false => !new_pods_serve.load(Ordering::SeqCst),
            };
            if waits {
                continue;
            }
            let status = Patch::Merge(json!({ "status": status(pod, &jobs) }));
            let _ = pods.patch_status(&pod.name_any(), &PatchParams::default(), &status).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
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
