//! Every query of every dashboard, executed by a real Prometheus after some load: by one that reads `/metrics` and, where
//! `OTELCOL` names a collector, by one that reads what the collector shows.

mod asked;
pub mod linked;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use crate::collector::{Background, collector};
use crate::platform::Platform;
use crate::tour::Tour;
use crate::{alone, eventually, free_port, promql};

/// What a platform of a cluster says of itself.
const RESOURCE: (&str, &str) = ("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=demo,k8s.namespace.name=social");

/// More would be refused: one address may ask for thirty letters an hour, and each round of the load is sent some.
const ROUNDS: usize = 10;
/// Between two rounds, so that Prometheus has its turn on a slow machine.
const PAUSE: Duration = Duration::from_secs(10);

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/social-platform")
}

fn rules(file: &str) -> String {
    std::fs::read_to_string(chart().join("rules").join(file)).expect("the rules are committed")
}

/// A share or a quantile of nothing is NaN, of which a panel shows nothing.
fn is_number(sample: &Value) -> bool {
    sample["value"][1].as_str().is_some_and(|value| value != "NaN")
}

/// A Prometheus with the rules of the chart, which it works out every second.
struct Prometheus {
    /// For a reader.
    reads: &'static str,
    api: String,
    http: Client,
    _process: Background,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one, and waits until it has read `target`.
    async fn reading(reads: &'static str, target: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["objectives.yaml", "alerts.yaml"] {
            let text = rules(file)
                .replace("interval: 30s", "interval: 1s")
                .replace("interval: 2m", "interval: 1s")
                .replace("interval: 5m", "interval: 1s");
            std::fs::write(folder.path().join(file), text).expect("the folder takes files");
        }
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [objectives.yaml, alerts.yaml]\n\
             scrape_configs: [{{job_name: all, static_configs: [{{targets: [\"{target}\"]}}]}}]\n"
        );
        let path = folder.path().join("prometheus.yaml");
        std::fs::write(&path, config).expect("the folder takes files");
        let port = free_port();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", path.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.args([format!("--web.listen-address=127.0.0.1:{port}"), "--log.level=error".to_owned()]);
        let process = Background(command.stdout(Stdio::null()).spawn().expect("prometheus is installed; scripts/tools test does it"));
        let api = format!("http://127.0.0.1:{port}/api/v1");
        let it = Self { reads, api, http: Client::new(), _process: process, _folder: folder };
        eventually("Prometheus reads", async || {
            let up = it.query("up == 1").await?;
            if up.is_empty() { Err(format!("{reads} is not up")) } else { Ok(()) }
        })
        .await;
        it
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let answer = self.http.get(format!("{}/{path}", self.api)).query(query).send().await.map_err(|error| error.to_string())?;
        let body: Value = answer.json().await.map_err(|error| error.to_string())?;
        if body["status"] == "success" { Ok(body["data"].clone()) } else { Err(body.to_string()) }
    }

    async fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let data = self.get("query", &[("query", query)]).await?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    async fn shows_something_in_every_panel(&self) {
        let queries = asked::panels();
        assert!(queries.len() > 80, "there are {} queries", queries.len());
        eventually("every query has an answer", async || {
            let mut empty = Vec::new();
            for (title, query) in &queries {
                match self.query(query).await {
                    Ok(result) if result.iter().any(is_number) => {}
                    Ok(_) => empty.push(format!("{title} is empty on {}: {query}", self.reads)),
                    Err(error) => empty.push(format!("{title} fails on {}: {error}", self.reads)),
                }
            }
            if empty.is_empty() { Ok(()) } else { Err(empty.join("\n")) }
        })
        .await;
    }

    /// A panel of which a part is always there would not be empty either if its other part asked for nothing; and of a variable
    /// without values every panel is.
    async fn has_what_dashboards_ask_for(&self) {
        let (marks, series) = (asked::marks(), asked::series());
        assert!(series.len() > 60, "there are {} of them", series.len());
        eventually("what dashboards look at exists", async || {
            // A version is marked for its first five minutes only, so that they have an answer is nothing to wait for.
            for (title, query, _) in &marks {
                self.query(query).await.map_err(|error| format!("{title} fails on {}: {error}", self.reads))?;
            }
            let mut missing = Vec::new();
            for (query, title) in &series {
                if self.query(query).await?.is_empty() {
                    missing.push(format!("{query} of {title} is not there on {}", self.reads));
                }
            }
            if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
        })
        .await;
    }

    /// The buckets that objectives ask for are there by the names that they use: without them everything is a failure, and
    /// budgets of a hundredth burn a hundred times too fast.
    async fn sees_every_objective_met(&self) {
        let rules = rules("objectives.yaml");
        let objectives: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("slo: ")).collect();
        assert!(objectives.len() > 4, "{objectives:?}");
        eventually("every objective is met, more or less", async || {
            let rates = self.query("slo:burn_rate:5m < 99").await?;
            let met: BTreeSet<&str> = rates.iter().filter_map(|it| it["metric"]["slo"].as_str()).collect();
            if met == objectives { Ok(()) } else { Err(format!("{met:?} on {}", self.reads)) }
        })
        .await;
    }

    /// At the latest when backlogs were counted again. A series that only trouble makes has its sisters' name.
    async fn has_what_alerts_ask_for(&self) {
        eventually("what alerts look at exists", async || {
            let names = self.get("label/__name__/values", &[]).await?;
            let names: BTreeSet<&str> = names.as_array().expect("names").iter().filter_map(Value::as_str).collect();
            let rules = self.get("rules", &[]).await?;
            for rule in rules["groups"].as_array().expect("groups").iter().flat_map(|group| group["rules"].as_array().expect("rules")) {
                if rule["health"] != "ok" {
                    return Err(rule.to_string());
                }
                for selector in promql::selectors(rule["query"].as_str().expect("a query")) {
                    let is_elsewhere = selector.metric.starts_with("socialplatform_operator_") || selector.metric.starts_with("slo:");
                    if !is_elsewhere && !names.contains(selector.metric.as_str()) {
                        return Err(format!("{} of {} does not exist on {}", selector.metric, rule["name"], self.reads));
                    }
                }
            }
            Ok(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_panel_is_empty_after_the_load() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let (otlp, shown) = (free_port(), free_port());
    let collector = match std::env::var("OTELCOL") {
        Ok(program) => Some(collector(&program, folder.path(), otlp, shown).await),
        Err(_) => {
            println!("OTELCOL is not set: only /metrics is read; scripts/otelcol builds one");
            None
        }
    };
    let endpoint = collector.as_ref().map(|_| format!("http://127.0.0.1:{otlp}"));
    let platform = Platform::start_with(endpoint.as_deref(), &[RESOURCE]).await;
    let mut readers = vec![Prometheus::reading("/metrics", platform.private.trim_start_matches("http://")).await];
    if collector.is_some() {
        readers.push(Prometheus::reading("the collector", &format!("127.0.0.1:{shown}")).await);
    }
    Tour::of(&platform).visit_every_route("one").await;
    Tour::of(&platform).once_more("two").await;

    let shown = async {
        for prometheus in readers {
            prometheus.shows_something_in_every_panel().await;
            prometheus.has_what_dashboards_ask_for().await;
            prometheus.sees_every_objective_met().await;
            prometheus.has_what_alerts_ask_for().await;
        }
    };
    // A rate is of what happens between two readings, and a slow machine may have missed those between the rounds so far.
    let happening = async {
        for round in 0..ROUNDS {
            tokio::time::sleep(PAUSE).await;
            Tour::of(&platform).once_more(&format!("round{round}")).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = shown => {}
        () = happening => {}
    }
}
