//! A real OpenTelemetry collector, which `OTELCOL` names, gets all three signals; what it shows Prometheus has the same
//! names as `/metrics`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::platform::Platform;
use crate::tour::Tour;
use crate::{alone, eventually, free_port};

/// Ends with the test.
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A collector that takes OTLP at one port and shows metrics to Prometheus at another. Waits until it does.
pub async fn collector(program: &str, folder: &Path, otlp: u16, prometheus: u16) -> Background {
    let file = folder.join("signals.json");
    let config = format!(
        r#"
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}}}}}}}
exporters:
  file: {{path: "{}"}}
  prometheus: {{endpoint: "127.0.0.1:{prometheus}", resource_to_telemetry_conversion: {{enabled: true}}}}
service:
  telemetry: {{logs: {{level: error}}, metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file, prometheus]}}
    logs: {{receivers: [otlp], exporters: [file]}}
"#,
        file.display()
    );
    let path = folder.join("config.yaml");
    std::fs::write(&path, config).expect("the folder takes files");
    let mut command = Command::new(program);
    command.arg("--config").arg(path).stdout(Stdio::null());
    let started = Background(command.spawn().expect("OTELCOL is a program"));
    for port in [otlp, prometheus] {
        eventually("the collector listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }
    started
}

/// The names of all samples, and whether each has the label.
fn names(page: &str, label: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#') && line.contains(label));
    samples.filter_map(|line| line.split('{').next().map(str::to_owned)).collect()
}

/// The records of every line of the file: at `outer`, `inner` and `records` of OTLP's JSON.
fn records(file: &Path, [outer, inner, records]: [&str; 3]) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let resources = lines.flat_map(|line| list(&line, outer));
    let scopes = resources.flat_map(|resource| list(&resource, inner));
    scopes.flat_map(|scope| list(&scope, records)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_traces_metrics_and_logs() {
    let Ok(program) = std::env::var("OTELCOL") else {
        println!("OTELCOL is not set: no collector was asked; scripts/otelcol builds one");
        return;
    };
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let (otlp, prometheus) = (free_port(), free_port());
    let _collector = collector(&program, folder.path(), otlp, prometheus).await;
    let platform = Platform::start(Some(&format!("http://127.0.0.1:{otlp}"))).await;
    let mut tour = Tour::of(&platform);
    tour.everywhere("collector").await;

    let file = folder.path().join("signals.json");
    let failed = tour.visits.iter().find(|visit| visit.route == "POST /v1/sessions" && !visit.status.is_success());
    let trace = failed.expect("the tour mistypes a password").trace.clone();
    eventually("the request's span and its log record arrived, under one trace", async || {
        let spans = records(&file, ["resourceSpans", "scopeSpans", "spans"]);
        let logs = records(&file, ["resourceLogs", "scopeLogs", "logRecords"]);
        let has = |records: &[Value]| records.iter().any(|record| record["traceId"] == trace.as_str());
        match (has(&spans), has(&logs)) {
            (true, true) => Ok(()),
            missing => Err(format!("{missing:?} of {} spans and {} log records", spans.len(), logs.len())),
        }
    })
    .await;

    let url = format!("http://127.0.0.1:{prometheus}/metrics");
    eventually("the collector shows every name that /metrics has", async || {
        let own = names(&platform.metrics().await, "service_name=\"social-platform\"");
        let page = platform.http.get(&url).send().await.map_err(|error| error.to_string())?;
        let shown = names(&page.text().await.map_err(|error| error.to_string())?, "service_name=\"social-platform\"");
        let missing: Vec<_> = own.difference(&shown).filter(|name| *name != "target_info").collect();
        if missing.is_empty() && own.len() > 30 { Ok(()) } else { Err(format!("{missing:?} of {}", own.len())) }
    })
    .await;
}
