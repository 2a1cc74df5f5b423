//! The spans that platforms have sent to the collector of the chart `e2e/collector`, read from its pod's log.

use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use kube::{Api, Client};
use serde_json::Value;

/// The collector that writes traces down, as pods reach it.
pub const COLLECTOR: &str = "http://collector.e2e-telemetry:4318";

/// The collector that forgets, for platforms under load.
pub const SINK: &str = "http://collector.e2e-telemetry:4319";

/// What that collector, and the other, show Prometheus, as the API server passes it on.
pub const METRICS: &str = "/api/v1/namespaces/e2e-telemetry/pods/collector:8889/proxy/metrics";

/// A span, as far as the stories look at it.
#[derive(Debug)]
pub struct Span {
    /// `service.name` of its resource.
    pub service: String,
    /// 16 hexadecimal digits.
    pub id: String,
    /// Those of the parent, empty for a root.
    pub parent: String,
    /// For a reader.
    pub name: String,
    /// Whether it is a statement: it has attributes of OpenTelemetry's `db` namespace.
    pub sql: bool,
}

/// The spans of one trace that have arrived so far.
pub struct Trace(Vec<Span>);

impl Trace {
    /// Reads the trace of this id: 32 hexadecimal digits in lower case.
    pub async fn read(client: &Client, id: &str) -> Trace {
        let pods: Api<Pod> = Api::namespaced(client.clone(), "e2e-telemetry");
        let log = pods.logs("collector", &LogParams::default()).await.expect("the collector's log can be read");
        // A line of the collector's own may stand between those of the exporter.
        let requests = log.lines().filter(|line| line.contains(id)).filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Trace(requests.flat_map(|request| spans(&request, id)).collect())
    }

    /// The span of `service` that was called by the span `parent`, which need not be one of ours.
    pub fn called_by(&self, parent: &str, service: &str) -> Option<&Span> {
        self.0.iter().find(|span| span.parent == parent && is_of(span, service))
    }

    /// The span of `service` that was called by another service somewhere below `root`.
    pub fn called_below(&self, root: &Span, service: &str) -> Option<&Span> {
        let from_another = |span: &Span| self.0.iter().any(|caller| caller.id == span.parent && !is_of(caller, service));
        self.0.iter().find(|span| is_of(span, service) && from_another(span) && self.descends(span, root))
    }

    /// A statement that `service` sent to PostgreSQL somewhere below `root`.
    pub fn sql_below(&self, root: &Span, service: &str) -> Option<&Span> {
        self.0.iter().find(|span| span.sql && is_of(span, service) && self.descends(span, root))
    }

    /// Whether the parents of `span` lead to `root`.
    fn descends(&self, span: &Span, root: &Span) -> bool {
        let mut parent = span.parent.as_str();
        // No chain is longer than the trace, and none that loops is one.
        for _ in &self.0 {
            match self.0.iter().find(|span| span.id == parent) {
                _ if parent == root.id => return true,
                Some(span) => parent = &span.parent,
                None => return false,
            }
        }
        false
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Span { service, id, parent, name, .. } in &self.0 {
            writeln!(f, "  {parent:>16} -> {id} {service}: {name}")?;
        }
        Ok(())
    }
}

/// `social`, or `demo-social` where the name of the platform stands before it.
fn is_of(span: &Span, service: &str) -> bool {
    span.service.rsplit('-').next() == Some(service)
}

/// The spans of one trace in an `ExportTraceServiceRequest` (OTLP 1, JSON encoding).
fn spans(request: &Value, trace: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in array(&request["resourceSpans"]) {
        let attributes = array(&resource["resource"]["attributes"]);
        let service = attributes.iter().find(|attribute| attribute["key"] == "service.name");
        let service = service.map(|attribute| string(&attribute["value"]["stringValue"])).unwrap_or_default();
        let scopes = array(&resource["scopeSpans"]).iter().flat_map(|scope| array(&scope["spans"]));
        spans.extend(scopes.filter(|span| span["traceId"] == trace).map(|span| Span {
            service: service.clone(),
            id: string(&span["spanId"]),
            parent: string(&span["parentSpanId"]),
            name: string(&span["name"]),
            sql: array(&span["attributes"]).iter().any(|attribute| string(&attribute["key"]).starts_with("db.")),
        }));
    }
    spans
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
