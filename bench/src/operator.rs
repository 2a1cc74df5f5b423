//! The operator with a thousand platforms, on a bare API server: etcd and kube-apiserver, and no controller beside it.

mod cluster;
mod player;
mod scrape;
mod statuses;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::process::Process;
use crate::report::{Report, Table, Value};
use crate::{Result, usage};
use cluster::{Cluster, NAMESPACE};
use scrape::Reconciles;
use statuses::Statuses;

/// How long it may take until all platforms are there.
const FILLED: Duration = Duration::from_secs(900);
/// How long it may take until all platforms that are there have been looked at.
const LOOKED_AT: Duration = Duration::from_secs(300);
/// How long one change may take.
const CHANGED: Duration = Duration::from_secs(60);
/// Changes, one after the other.
const CHANGES: usize = 200;

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let count = usize::from(arguments.resources);
    let cluster = Cluster::prepare(arguments).await?;
    let statuses = Statuses::follow(&cluster);
    let _player = player::play(&cluster);
    cluster.create_platforms(count).await?;

    let began = Instant::now();
    let first = Operator::start(arguments)?;
    statuses.until(FILLED, "all platforms to be ready", |all| all.values().filter(|status| status.ready).count() >= count).await?;
    let filled = began.elapsed();
    let children = cluster.children().await?;
    let after_filling = usage::memory(first.process.pid())?;
    first.process.stop().await?;

    let began = Instant::now();
    let operator = Operator::start(arguments)?;
    let started = operator.until(|reconciles| reconciles.count() >= count).await?;
    let cold = began.elapsed();
    operator.until_idle().await?;
    let memory = usage::memory(operator.process.pid())?;
    let (before, changes) = (operator.reconciles().await?, change(&cluster, &statuses, count).await?);
    let changing = operator.reconciles().await?.since(&before);

    let mut report = Report::new("operator");
    let mut table = Table::new(format!("{count} platforms on a bare API server"), &["what", "figure", "aim"]);
    table.row(["objects that they are made of".into(), children.into(), "".into()]);
    table.row(["from nothing until all are ready, s".into(), filled.as_secs_f64().into(), "".into()]);
    table.row(["memory after that: resident / peak, MiB".into(), pair(after_filling.resident, after_filling.peak), "".into()]);
    table.row(["cold start until all have been reconciled, s".into(), cold.as_secs_f64().into(), "< 20".into()]);
    table.row(["reconciles of that start".into(), started.count().into(), "".into()]);
    table.row(["a reconcile of that start: p99 at the most, ms".into(), millis(started.percentile(0.99)), "".into()]);
    table.row(["memory after that: resident, MiB".into(), memory.resident.into(), "< 150".into()]);
    table.row(["memory after that: peak, MiB".into(), memory.peak.into(), "".into()]);
    table.row(["a change of one field until the status speaks of it: p50, ms".into(), changes.percentile(0.5).into(), "".into()]);
    table.row(["the same: p99, ms".into(), changes.percentile(0.99).into(), "".into()]);
    table.row(["a reconcile that such a change causes: p99 at the most, ms".into(), millis(changing.percentile(0.99)), "< 150".into()]);
    report.table(table);
    Ok(report)
}

fn pair(resident: f64, peak: f64) -> Value {
    format!("{resident:.0} / {peak:.0}").into()
}

/// A bound of a histogram.
fn millis(seconds: f64) -> Value {
    (1000.0 * seconds).into()
}

/// Changes one field of one platform after the other; from the request until the status speaks of the new spec.
async fn change(cluster: &Cluster, statuses: &Statuses, count: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for n in (0..count).step_by(count.div_ceil(CHANGES)) {
        let name = cluster::name(n);
        let began = Instant::now();
        let generation = cluster.scale(&name, 2).await?;
        let spoken_of = |all: &statuses::All| all.get(&name).is_some_and(|status| status.observed >= generation);
        statuses.until(CHANGED, "a status to speak of a change", spoken_of).await?;
        latencies.record(began.elapsed());
    }
    Ok(latencies)
}

/// The program, at work on the cluster of `KUBECONFIG`.
struct Operator {
    process: Process,
    private: SocketAddr,
}

impl Operator {
    fn start(arguments: &Arguments) -> Result<Self> {
        // Free now, and in all likelihood still so in a moment.
        let private = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(&arguments.operator);
        command.args(["run", "--watch-namespace", NAMESPACE, "--namespace", NAMESPACE, "--log", "warn", "--log-format", "json"]);
        command.arg("--private-addr").arg(private.to_string()).env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        Ok(Self { process: Process::start(&mut command)?, private })
    }

    async fn reconciles(&self) -> Result<Reconciles> {
        scrape::reconciles(self.private).await
    }

    /// Waits until its metrics say so.
    async fn until(&self, so: impl Fn(&Reconciles) -> bool) -> Result<Reconciles> {
        let deadline = Instant::now() + LOOKED_AT;
        loop {
            // It does not listen from its first moment on.
            if let Ok(reconciles) = self.reconciles().await
                && so(&reconciles)
            {
                return Ok(reconciles);
            }
            if Instant::now() > deadline {
                return Err(format!("the operator has not looked at all platforms within {} s", LOOKED_AT.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until it has done nothing for two seconds.
    async fn until_idle(&self) -> Result<()> {
        let deadline = Instant::now() + LOOKED_AT;
        let mut before = self.reconciles().await?.count();
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let now = self.reconciles().await?.count();
            if now == before {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the operator reconciles on and on".into());
            }
            before = now;
        }
    }
}
