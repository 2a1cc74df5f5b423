//! A Prometheus on this machine, with the rules of the chart. It reads pods of the cluster through the API server, so that it
//! needs no way into the cluster that the stories do not have.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use kube::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::promql::selectors;
use crate::wait::eventually;

/// The name of its configuration in its folder.
const CONFIG: &str = "prometheus.yaml";

/// A running one; it ends with this.
pub struct Prometheus {
    api: String,
    http: reqwest::Client,
    process: Child,
    folder: TempDir,
}

impl Prometheus {
    /// Starts one that reads these paths of the API server, and waits until it has read each.
    pub async fn reading(client: &Client, paths: Vec<String>) -> Prometheus {
        let folder = tempfile::tempdir().expect("a folder");
        write_rules(folder.path());
        let relay = relay(client.clone(), paths.clone()).await;
        let job = |path: &String| {
            format!("- {{job_name: \"{path}\", metrics_path: \"{path}\", static_configs: [{{targets: [\"127.0.0.1:{relay}\"]}}]}}\n")
        };
        let jobs: String = paths.iter().map(job).collect();
        let config =
            format!("global: {{scrape_interval: 5s, evaluation_interval: 5s}}\nrule_files: [\"rules-*.yaml\"]\nscrape_configs:\n{jobs}");
        std::fs::write(folder.path().join(CONFIG), config).expect("the folder takes files");

        let (process, api) = start(folder.path());
        let it = Mutex::new(Prometheus { api, http: reqwest::Client::new(), process, folder });
        // By the relay, which is ours: another story's Prometheus may answer at a port that was lost to it.
        let query = format!("up{{instance=\"127.0.0.1:{relay}\"}} == 1");
        eventually("Prometheus reads every pod", async || {
            let mut it = it.lock().await;
            it.start_again_if_ended();
            let up = it.query(&query).await?;
            if up.len() == paths.len() { Ok(()) } else { Err(format!("{} of {}", up.len(), paths.len())) }
        })
        .await;
        it.into_inner()
    }

    /// Somebody else may take its port before it does; then it ends.
    fn start_again_if_ended(&mut self) {
        if self.process.try_wait().expect("it is a child of ours").is_some() {
            (self.process, self.api) = start(self.folder.path());
        }
    }

    /// What it answers to a query.
    ///
    /// # Errors
    /// What it says against the query.
    pub async fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let data = self.get("query", &[("query", query)]).await?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until every metric of the operator that a rule asks for is there, with every label by which it does.
    pub async fn knows_what_rules_ask_of_the_operator(&self) {
        eventually("what rules ask of the operator is there", async || {
            let rules = self.get("rules", &[]).await?;
            let groups = rules["groups"].as_array().cloned().unwrap_or_default();
            let rules = groups.iter().filter_map(|group| group["rules"].as_array()).flatten();
            let asked = rules.filter_map(|rule| rule["query"].as_str()).flat_map(selectors);
            let asked: Vec<_> = asked.filter(|it| it.metric.starts_with("socialplatform_operator_")).collect();
            if asked.is_empty() {
                return Err("no rule asks for anything".into());
            }
            for selector in &asked {
                let query = selector.with_any_values(&[]);
                if self.query(&query).await?.is_empty() {
                    return Err(format!("there is no {query}"));
                }
            }
            Ok(())
        })
        .await;
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let answer = self.http.get(format!("{}/{path}", self.api)).query(query).send().await.map_err(|error| error.to_string())?;
        let body: Value = answer.json().await.map_err(|error| error.to_string())?;
        if body["status"] == "success" { Ok(body["data"].clone()) } else { Err(body.to_string()) }
    }
}

/// Those of the chart, worked out every second: nobody waits for minutes here.
fn write_rules(folder: &Path) {
    let chart: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/social-platform/rules");
    let files = std::fs::read_dir(chart).expect("the chart is in this checkout").map(|file| file.expect("a file").path());
    for file in files.filter(|path| path.extension().is_some_and(|it| it == "yaml")) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a rule file");
        let text =
            text.replace("interval: 30s", "interval: 1s").replace("interval: 2m", "interval: 1s").replace("interval: 5m", "interval: 1s");
        std::fs::write(folder.join(format!("rules-{name}")), text).expect("the folder takes files");
    }
}

/// Starts one with what is in the folder, on a port that is free now; where its API is.
fn start(folder: &Path) -> (Child, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", folder.join(CONFIG).display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.args([format!("--web.listen-address={listen}"), "--log.level=error".to_owned()]);
    let process = command.stdout(Stdio::null()).kill_on_drop(true).spawn();
    let process = process.unwrap_or_else(|error| panic!("prometheus: {error}; scripts/tools e2e installs it"));
    (process, format!("http://{listen}/api/v1"))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Passes requests for these paths, and no other, on to the API server, from a port of this machine.
async fn relay(client: Client, paths: Vec<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let paths = Arc::new(paths);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(client.clone(), paths.clone(), stream));
        }
    });
    port
}

/// Answers one request. A caller that hangs up asks again.
async fn pass_on(client: Client, paths: Arc<Vec<String>>, mut stream: TcpStream) -> std::io::Result<()> {
    let first = {
        let mut lines = BufReader::new(&mut stream).lines();
        let first = lines.next_line().await?.unwrap_or_default();
        while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
        first
    };
    let path = paths.iter().find(|path| first.split(' ').nth(1) == Some(path.as_str()));
    let (status, page) = match path {
        Some(path) => match client.request_text(http::Request::get(path).body(Vec::new()).expect("a path")).await {
            Ok(page) => ("200 OK", page),
            Err(error) => ("502 Bad Gateway", error.to_string()),
        },
        None => ("404 Not Found", first),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n", page.len());
    stream.write_all(format!("{head}connection: close\r\n\r\n{page}").as_bytes()).await
}
