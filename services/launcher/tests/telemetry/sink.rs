//! Takes OTLP over HTTP and keeps every byte.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{self, Uri};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as Sent};
use prost::Message;
use tokio::net::TcpListener;

type Received = Arc<Mutex<Vec<(String, Bytes)>>>;

pub struct Sink {
    pub url: String,
    received: Received,
}

/// A span, as far as the tests look at it. Ids are in lower-case hexadecimal.
#[derive(Debug, Clone)]
pub struct Span {
    /// `service.name` of whoever sent it.
    pub service: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    /// As the protocol numbers them.
    pub kind: i32,
    /// Its status is an error.
    pub failed: bool,
    /// What the status says.
    pub status: String,
    /// Values as text.
    pub attributes: BTreeMap<String, String>,
    /// Which of them are numbers.
    pub numbers: BTreeSet<String>,
    /// An attribute was sent twice, which the protocol forbids.
    pub has_doubles: bool,
    /// The traces of what it is linked to.
    pub links: Vec<String>,
}

impl Span {
    pub fn is_sql(&self) -> bool {
        self.attributes.contains_key("db.system.name")
    }

    pub fn is_s3(&self) -> bool {
        self.attributes.get("rpc.service").is_some_and(|service| service == "S3")
    }

    pub fn is_call(&self) -> bool {
        self.attributes.contains_key("service.peer.name")
    }
}

impl Sink {
    pub async fn start() -> Self {
        let received = Received::default();
        let kept = received.clone();
        let keep = move |uri: Uri, body: Bytes| {
            let kept = kept.clone();
            async move {
                kept.lock().unwrap().push((uri.path().to_owned(), body));
                http::StatusCode::OK
            }
        };
        let router = Router::new().fallback(keep).layer(DefaultBodyLimit::disable());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, received }
    }

    /// Everything of one signal: `traces`, `metrics` or `logs`.
    pub fn bodies(&self, signal: &str) -> Vec<Bytes> {
        let path = format!("/v1/{signal}");
        self.received.lock().unwrap().iter().filter(|(at, _)| *at == path).map(|(_, body)| body.clone()).collect()
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for ResourceSpans { resource, scope_spans, .. } in self.of_resources() {
            let attributes: BTreeMap<_, _> = resource.into_iter().flat_map(|it| it.attributes).map(attribute).collect();
            let service = attributes.get("service.name").cloned().unwrap_or_default();
            spans.extend(scope_spans.into_iter().flat_map(|scope| scope.spans).map(|sent| span(sent, &service)));
        }
        spans
    }

    /// The attributes of whatever sent spans, once for each time.
    pub fn resources(&self) -> Vec<BTreeMap<String, String>> {
        let resources = self.of_resources().filter_map(|spans| spans.resource);
        resources.map(|resource| resource.attributes.into_iter().map(attribute).collect()).collect()
    }

    fn of_resources(&self) -> impl Iterator<Item = ResourceSpans> {
        let requests = self.bodies("traces").into_iter().map(|body| ExportTraceServiceRequest::decode(body).expect("OTLP"));
        requests.flat_map(|request| request.resource_spans)
    }
}

fn span(sent: Sent, service: &str) -> Span {
    let names = sent.attributes.len();
    let numbers = sent.attributes.iter().filter(|attribute| is_number(attribute)).map(|attribute| attribute.key.clone()).collect();
    let attributes: BTreeMap<_, _> = sent.attributes.into_iter().map(attribute).collect();
    let status = sent.status.unwrap_or_default();
    Span {
        service: service.to_owned(),
        trace: hex(&sent.trace_id),
        id: hex(&sent.span_id),
        parent: hex(&sent.parent_span_id),
        name: sent.name,
        kind: sent.kind,
        failed: status.code == StatusCode::Error as i32,
        status: status.message,
        numbers,
        has_doubles: attributes.len() < names,
        attributes,
        links: sent.links.iter().map(|link| hex(&link.trace_id)).collect(),
    }
}

fn is_number(KeyValue { value, .. }: &KeyValue) -> bool {
    let value = value.as_ref().and_then(|value| value.value.as_ref());
    matches!(value, Some(any_value::Value::IntValue(_) | any_value::Value::DoubleValue(_)))
}

fn attribute(KeyValue { key, value, .. }: KeyValue) -> (String, String) {
    (key, text(value.and_then(|value| value.value)))
}

fn text(value: Option<any_value::Value>) -> String {
    use any_value::Value as V;
    match value {
        Some(V::StringValue(text)) => text,
        Some(V::IntValue(number)) => number.to_string(),
        Some(V::BoolValue(yes)) => yes.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
