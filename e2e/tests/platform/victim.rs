//! The operator that works, as a process of the cluster's node, which can be killed like any other.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, ResourceExt as _};
use kube::{Api, Client};
use tokio::process::Command;

use crate::environment;
use crate::wait::eventually;

/// The pod that holds the Lease, and its process.
pub struct Victim {
    client: Client,
    pod: String,
    process: String,
    restarts: i32,
}

impl Victim {
    /// Waits for one that has renewed the Lease after `before`, which is what the Lease said earlier.
    pub async fn after(client: &Client, before: Option<&Lease>) -> Victim {
        eventually("an operator holds the Lease", async || {
            let lease = lease(client).await?;
            let renewal = |lease: &Lease| lease.spec.as_ref().and_then(|spec| spec.renew_time.clone());
            if before.is_some_and(|before| renewal(before) == renewal(&lease)) {
                return Err("nobody has renewed it since the last one died".to_owned());
            }
            let pod = lease.spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty()).ok_or("nobody holds it")?;
            // A process has its pod's name in its environment, whatever container runtime started it.
            let script = r#"grep -lzxF "POD_NAME=$0" /proc/[0-9]*/environ 2>/dev/null || true"#;
            let found = on_the_node(&["sh", "-c", script, &pod]).await?;
            let mut processes = found.lines().filter_map(|path| path.split('/').nth(2));
            let process = processes.next().ok_or_else(|| format!("the process of {pod} is not there"))?.to_owned();
            let restarts = restarts(client, &pod).await?;
            Ok(Victim { client: client.clone(), pod, process, restarts })
        })
        .await
    }

    /// Kills it without a word, and answers what the Lease said then. One that has ended by itself meanwhile was not killed: then it
    /// is the one that has taken its place.
    pub async fn dies(mut self) -> Lease {
        let lease = loop {
            let lease = lease(&self.client).await.unwrap_or_else(|error| panic!("the Lease can be read: {error}"));
            match on_the_node(&["sh", "-c", r#"kill -9 "$0""#, &self.process]).await {
                Ok(_) => break lease,
                Err(error) if error.contains("No such process") => {
                    println!("{} had ended before it was killed", self.pod);
                    self = Victim::after(&self.client, Some(&lease)).await;
                }
                Err(error) => panic!("{} can be killed: {error}", self.pod),
            }
        };
        eventually("Kubernetes sees that the operator was killed", async || {
            let now = restarts(&self.client, &self.pod).await?;
            if now > self.restarts { Ok(()) } else { Err(format!("{now} restarts of {}, as before", self.pod)) }
        })
        .await;
        lease
    }
}

/// The only Lease of the operator's namespace.
async fn lease(client: &Client) -> Result<Lease, String> {
    let api: Api<Lease> = Api::namespaced(client.clone(), &environment::operator_namespace());
    let leases = api.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
    leases.items.into_iter().next().ok_or_else(|| "there is no Lease".to_owned())
}

async fn restarts(client: &Client, pod: &str) -> Result<i32, String> {
    let api: Api<Pod> = Api::namespaced(client.clone(), &environment::operator_namespace());
    let pod = api.get(pod).await.map_err(|error| error.to_string())?;
    let name = pod.name_any();
    let statuses = pod.status.and_then(|status| status.container_statuses).unwrap_or_default();
    statuses.first().map(|status| status.restart_count).ok_or_else(|| format!("{name} has no container yet"))
}

async fn on_the_node(command: &[&str]) -> Result<String, String> {
    let output = Command::new(environment::cluster_program()).arg("exec").args(command).kill_on_drop(true).output().await;
    let output = output.map_err(|error| format!("{}: {error}", environment::cluster_program()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
