//! `operator run`: looks after the SocialPlatforms of a cluster until it is asked to end.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use kube::Config;
use kube::client::ClientBuilder;
use operator::api_metrics::ApiCalls;
use operator::connection::limited;
use operator::controller::{self, Options};
use operator::election::{Election, Fence};
use operator::rotation::OVERLAP;
use operator::{leader_metrics, probes};
use telemetry::{Telemetry, TelemetryConfig};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::Result;

#[derive(Args)]
pub(crate) struct Run {
    /// The namespaces whose resources it looks after, with commas between them; all, unless set.
    #[arg(long, env = "WATCH_NAMESPACE")]
    watch_namespace: Option<String>,
    /// The Lease, in the operator's own namespace, that decides which of several operators works. Without it, this one works
    /// at once: never run two like that.
    #[arg(long, env = "LEASE")]
    lease: Option<String>,
    /// The operator's own namespace.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    namespace: String,
    /// The operator's own pod, which its events and the Lease name. Without it, the Lease bears a random name.
    #[arg(long, env = "POD_NAME")]
    pod_name: Option<String>,
    /// The ConfigMap, in the operator's own namespace, whose data is release → image. Without it, every resource has to
    /// set `spec.image`.
    #[arg(long, env = "IMAGES_CONFIG_MAP")]
    images_config_map: Option<String>,
    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "PRIVATE_ADDR", default_value = "0.0.0.0:9090")]
    private_addr: SocketAddr,
    /// Seconds after which an unchanged resource is looked at again, more or less.
    #[arg(long, env = "RESYNC_SECONDS", default_value_t = 600)]
    resync_seconds: u64,
    /// Seconds that one reconcile may take.
    #[arg(long, env = "RECONCILE_TIMEOUT_SECONDS", default_value_t = 60)]
    reconcile_timeout_seconds: u64,
    /// Seconds that old passwords and keys are accepted beside new ones, from when the last pod that used them was replaced. Less
    /// than the default is for trials: a grant to see a photo that was signed with an old key is good for five minutes.
    #[arg(long, env = "ROTATION_OVERLAP_SECONDS", default_value_t = OVERLAP.as_secs())]
    rotation_overlap_seconds: u64,
    /// How many resources are reconciled at once.
    #[arg(long, env = "CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    #[command(flatten)]
    telemetry: TelemetryConfig,
}

impl Run {
    pub(crate) async fn start(self) -> Result<()> {
        let telemetry = Telemetry::init("operator", &self.telemetry)?;
        let result = self.serve().await;
        if let Err(failure) = &result {
            telemetry.report(&failure.to_string());
        }
        telemetry.shutdown();
        result
    }

    async fn serve(self) -> Result<()> {
        let address = self.private_addr;
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| format!("failed to listen on {address}: {error}"))?;
        let options = self.options();
        tracing::info!(?options, lease = self.lease, "starting");
        let (ready, is_ready) = watch::channel(false);
        let terminated = terminated()?;
        let probes = tokio::spawn(probes::serve(listener, is_ready, until(terminated.clone())));
        let config = limited(Config::infer().await?);
        match self.lease.filter(|lease| !lease.is_empty()) {
            None => {
                leader_metrics::set(true);
                let client = ClientBuilder::try_from(config)?.with_layer(&ApiCalls).build();
                controller::run(client, options, ready, until(terminated)).await;
            }
            Some(lease) => elected(config, &lease, options, ready, terminated).await?,
        }
        Ok(probes.await??)
    }

    fn options(&self) -> Options {
        let namespaces = self.watch_namespace.iter().flat_map(|namespaces| namespaces.split(','));
        let mut namespaces: Vec<_> = namespaces.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
        // Two controllers of one namespace would be two operators.
        namespaces.sort();
        namespaces.dedup();
        Options {
            namespaces,
            own_namespace: self.namespace.clone(),
            images_config_map: self.images_config_map.clone().filter(|name| !name.is_empty()),
            instance: self.pod_name.clone().filter(|name| !name.is_empty()),
            resync: Duration::from_secs(self.resync_seconds),
            timeout: Duration::from_secs(self.reconcile_timeout_seconds),
            concurrency: self.concurrency,
            rotation_overlap: Duration::from_secs(self.rotation_overlap_seconds),
        }
    }
}

/// Becomes true when the process is asked to end.
fn terminated() -> Result<watch::Receiver<bool>> {
    let (terminate, terminated) = watch::channel(false);
    let mut sigterm = signal(SignalKind::terminate())?;
    let mut sigint = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = sigterm.recv() => {}
            _ = sigint.recv() => {}
        }
        tracing::info!("stopping: reconciles in flight may end");
        terminate.send_replace(true);
    });
    Ok(terminated)
}

async fn until(mut terminated: watch::Receiver<bool>) {
    // An error means that nobody can ask for the end any more, which is one.
    let _ = terminated.wait_for(|asked| *asked).await;
}

/// A name in the Lease that no other bears. In containers, the number of every process is 1.
fn identity(pod: Option<&str>) -> String {
    pod.map_or_else(|| format!("operator-{}-{:016x}", std::process::id(), rand::random::<u64>()), str::to_owned)
}

/// Waits for the Lease, and works while it is held. One that waits is ready: it can see the Lease, and takes over by
/// itself.
async fn elected(
    config: Config,
    lease: &str,
    options: Options,
    ready: watch::Sender<bool>,
    terminated: watch::Receiver<bool>,
) -> Result<()> {
    let fence = Fence::default();
    let fenced = ClientBuilder::try_from(config.clone())?.with_layer(&ApiCalls).with_layer(&fence).build();
    let identity = identity(options.instance.as_deref());
    leader_metrics::set(false);
    let election = ClientBuilder::try_from(config)?.with_layer(&ApiCalls).build();
    let mut election = Election::new(election, &options.own_namespace, lease, &identity, fence);

    tokio::select! {
        () = until(terminated.clone()) => return Ok(()),
        () = election.win(|| { ready.send_replace(true); }) => {}
    }
    leader_metrics::set(true);
    // One that works is ready when it has listed everything.
    ready.send_replace(false);
    let work = controller::run(fenced, options, ready, until(terminated));
    tokio::select! {
        lost = election.hold() => Err(lost.into()),
        () = work => {
            election.release().await;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn namespaces_are_a_list_without_repetitions() {
        let namespaces = |value: &str| Alone::parse_from(["operator", "--watch-namespace", value]).run.options().namespaces;
        assert_eq!(namespaces("b, a,b,"), ["a", "b"]);
        assert_eq!(namespaces(""), [""; 0]);
    }

    #[test]
    fn of_two_without_a_pod_neither_takes_the_lease_of_the_other_for_its_own() {
        let instance = |pod: &str| Alone::parse_from(["operator", "--pod-name", pod]).run.options().instance;
        assert_eq!(identity(instance("operator-7c9f").as_deref()), "operator-7c9f");
        // Both are this process.
        let (one, other) = (identity(instance("").as_deref()), identity(None));
        assert!(one.starts_with("operator-") && one != other, "{one}, {other}");
    }
}
