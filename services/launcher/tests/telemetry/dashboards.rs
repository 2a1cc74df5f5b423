//! Every query of every dashboard, executed by a real Prometheus after some load. The operator's dashboard is left out:
//! nobody operates here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reqwest::Client;
use serde_json::Value;

use crate::collector::Background;
use crate::platform::Platform;
use crate::tour::Tour;
use crate::{alone, eventually, free_port, promql};

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/social-platform")
}

/// Prometheus on the rules of the chart, which it works out every second.
fn prometheus(folder: &Path, port: u16, target: &str) -> Background {
    for rules in ["objectives.yaml", "alerts.yaml"] {
        let text = std::fs::read_to_string(chart().join("rules").join(rules)).expect("the rules are committed");
        let text = text.replace("interval: 30s", "interval: 1s").replace("interval: 2m", "interval: 1s");
        std::fs::write(folder.join(rules), text).expect("the folder takes files");
    }
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [objectives.yaml, alerts.yaml]\n\
         scrape_configs: [{{job_name: all, static_configs: [{{targets: [\"{target}\"]}}]}}]\n"
    );
    let path = folder.join("prometheus.yaml");
    std::fs::write(&path, config).expect("the folder takes files");
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", path.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.args([format!("--web.listen-address=127.0.0.1:{port}"), "--log.level=error".to_owned()]);
    Background(command.stdout(Stdio::null()).spawn().expect("prometheus is installed; scripts/tools test does it"))
}

/// Title and query of every panel, with this platform in the place of the variables.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for file in std::fs::read_dir(chart().join("dashboards")).expect("the dashboards are committed") {
        let path = file.expect("a file").path();
        if path.ends_with("operator.json") {
            continue;
        }
        let dashboard: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
        for panel in dashboard["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().expect("a query");
                let query = query.replace("$__rate_interval", "1m").replace("$__range", "10m");
                let query = query.replace("$platform", "demo").replace("$namespace", "social").replace("$service", "social-platform");
                queries.push((format!("{} / {}", dashboard["title"], panel["title"]), query));
            }
        }
    }
    queries
}

async fn get(http: &Client, url: &str, query: &[(&str, &str)]) -> Result<Value, String> {
    let answer = http.get(url).query(query).send().await.map_err(|error| error.to_string())?;
    let body: Value = answer.json().await.map_err(|error| error.to_string())?;
    if body["status"] == "success" { Ok(body["data"].clone()) } else { Err(body.to_string()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_panel_is_empty_after_the_load() {
    let _alone = alone().await;
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let platform = Platform::start_with(None, &[("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=demo,k8s.namespace.name=social")]).await;
    let port = free_port();
    let _prometheus = prometheus(folder.path(), port, platform.private.trim_start_matches("http://"));
    let api = format!("http://127.0.0.1:{port}/api/v1");
    let http = Client::new();
    eventually("Prometheus answers", async || get(&http, &format!("{api}/query"), &[("query", "up == 1")]).await).await;
    Tour::of(&platform).visit_every_route("one").await;
    Tour::of(&platform).everywhere("two").await;

    let queries = queries();
    assert!(queries.len() > 80, "there are {} queries", queries.len());
    eventually("every query has an answer", async || {
        let mut empty = Vec::new();
        for (title, query) in &queries {
            match get(&http, &format!("{api}/query"), &[("query", query.as_str())]).await {
                Ok(data) if data["result"].as_array().is_some_and(|result| !result.is_empty()) => {}
                Ok(_) => empty.push(format!("{title} is empty: {query}")),
                Err(error) => empty.push(format!("{title} fails: {error}")),
            }
        }
        if empty.is_empty() { Ok(()) } else { Err(empty.join("\n")) }
    })
    .await;

    // The buckets that objectives ask for are there by the names that they use: without them everything is a failure, and
    // budgets of a hundredth burn a hundred times too fast.
    let rules = std::fs::read_to_string(chart().join("rules/objectives.yaml")).unwrap();
    let objectives: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("slo: ")).collect();
    assert!(objectives.len() > 4, "{objectives:?}");
    eventually("every objective is met, more or less", async || {
        let rates = get(&http, &format!("{api}/query"), &[("query", "slo:burn_rate:5m < 99")]).await?;
        let rated: BTreeSet<&str> =
            rates["result"].as_array().into_iter().flatten().filter_map(|it| it["metric"]["slo"].as_str()).collect();
        if rated == objectives { Ok(()) } else { Err(format!("{rated:?}")) }
    })
    .await;

    // What alerts look at exists, too, at the latest when backlogs were counted again. A series that only trouble makes has
    // its sisters' name.
    eventually("what alerts look at exists", async || {
        let names = get(&http, &format!("{api}/label/__name__/values"), &[]).await?;
        let names: BTreeSet<&str> = names.as_array().expect("names").iter().filter_map(Value::as_str).collect();
        let rules = get(&http, &format!("{api}/rules"), &[]).await?;
        for rule in rules["groups"].as_array().expect("groups").iter().flat_map(|group| group["rules"].as_array().expect("rules")) {
            if rule["health"] != "ok" {
                return Err(rule.to_string());
            }
            for selector in promql::selectors(rule["query"].as_str().expect("a query")) {
                let is_elsewhere = selector.metric.starts_with("socialplatform_operator_") || selector.metric.starts_with("slo:");
                if !is_elsewhere && !names.contains(selector.metric.as_str()) {
                    return Err(format!("{} of {} does not exist", selector.metric, rule["name"]));
                }
            }
        }
        Ok(())
    })
    .await;
}
