//! The calls of the drawing in docs/architecture.md, as the table below it lists them: each is in a trace, between the pods that
//! it names; and, of the same use of everything, that the metrics of these pods have their [`labels`], and that what they write are
//! [`lines`].

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use contracts::Service;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::pods::{DATABASE, Pods};
use crate::sink::{Sink, Span};
use crate::spans::is_below;
use crate::store::Store;
use crate::tour::{OUTSIDE, PASSWORD, picture};
use crate::{alone, eventually, labels, lines};

const ARCHITECTURE: &str = include_str!("../../../../docs/architecture.md");

/// Whoever calls from outside.
const PEOPLE: &str = "people";
/// What every service reads, though it is auth's.
const REVOCATIONS: &str = "auth.revocations";

/// Who calls whom.
type Pairs = BTreeSet<(&'static str, &'static str)>;

/// An arrow.
#[derive(Debug)]
struct Call {
    from: &'static str,
    to: &'static str,
    /// The span at its beginning; empty, if that is not ours.
    first: &'static str,
    /// The span at its end; empty for a table that is read, which no trace tells of.
    last: &'static str,
}

/// The rows of the table.
fn listed() -> Vec<Call> {
    let rows = ARCHITECTURE.lines().skip_while(|line| !line.starts_with("| from | to |")).skip(2);
    let row = |row: &'static str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [from, to, first, last] = cells[..] else { panic!("this row has not four cells: {row}") };
        Call { from, to, first, last }
    };
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn is_ours(name: &str) -> bool {
    Service::ALL.iter().any(|service| service.name() == name)
}

#[test]
fn the_table_has_every_call_of_the_drawing_and_no_other() {
    let drawing = ARCHITECTURE.split("  calls  ").nth(1).and_then(|rest| rest.split("  facts  ").next()).expect("it is there");
    let listed = listed();
    let pairs =
        |is_meant: fn(&Call) -> bool| -> Pairs { listed.iter().filter(|call| is_meant(call)).map(|call| (call.from, call.to)).collect() };
    let all = Service::ALL.map(Service::name);
    let others = || all.into_iter().filter(|service| *service != "auth");
    // What each word of the drawing stands for.
    let said: [(&str, Pairs, Pairs); 6] = [
        ("people and apps", pairs(|call| call.from == PEOPLE), all.map(|service| (PEOPLE, service)).into()),
        ("usable", pairs(|call| call.last.ends_with("/usable")), [("social", "photo")].into()),
        ("export", pairs(|call| call.last.ends_with("/export")), others().map(|service| ("auth", service)).collect()),
        ("S3", pairs(|call| call.to == "S3"), [("photo", "S3")].into()),
        (
            "the others fetch its public keys",
            pairs(|call| call.to == "auth" && is_ours(call.from)),
            others().map(|it| (it, "auth")).collect(),
        ),
        ("all read its revocations", pairs(|call| call.to == REVOCATIONS), all.map(|service| (service, REVOCATIONS)).into()),
    ];
    for (word, found, meant) in &said {
        assert!(drawing.contains(word), "the drawing says {word} no more: then neither should the table, nor this test");
        assert_eq!(found, meant, "{word}");
    }
    let drawn: usize = said.iter().map(|(_, _, meant)| meant.len()).sum();
    let undrawn = pairs(|call| call.to == "mail");
    assert_eq!(listed.len(), drawn + undrawn.len(), "beside letters, the table has no row that is not drawn: {listed:#?}");
}

/// Is the arrow in a trace? Where it points to nothing of ours, it ends with the last span on this side.
fn is_traced(call: &Call, spans: &[Span]) -> bool {
    let (service, kind) = if is_ours(call.to) { (call.to, SpanKind::Server) } else { (call.from, SpanKind::Client) };
    let mut ends = spans.iter().filter(|span| span.name == call.last && span.service == service && span.kind == kind as i32);
    ends.any(|end| {
        if call.from == PEOPLE {
            return end.parent == OUTSIDE;
        }
        let of_trace: Vec<Span> = spans.iter().filter(|span| span.trace == end.trace).cloned().collect();
        of_trace.iter().any(|span| span.name == call.first && span.service == call.from && is_below(end, span, &of_trace))
    })
}

/// Sends a request that says which span it is below, in a trace of its own: the answer, and that trace.
async fn traced(request: RequestBuilder) -> (Response, String) {
    static TRACES: AtomicU64 = AtomicU64::new(1);
    let trace = format!("4bf92f3577b34da6{:016x}", TRACES.fetch_add(1, Ordering::Relaxed));
    let answer = request.header("traceparent", format!("00-{trace}-{OUTSIDE}-01")).send().await.expect("an answer");
    (answer, trace)
}

/// The same, of one that succeeds: the body.
async fn send(request: RequestBuilder) -> Value {
    let (answer, _) = traced(request).await;
    let (status, body) = (answer.status(), answer.bytes().await.expect("a body"));
    assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap_or_default()
}

/// Somebody does what makes every call that is not made by itself.
async fn use_everything(pods: &Pods) {
    let Pods { http, auth, photo, relation, social, .. } = pods;
    let [ada, bob] = ["ada", "bob"].map(|handle| json!({ "handle": handle, "password": PASSWORD }));
    send(http.post(format!("{auth}/v1/accounts")).json(&ada)).await;
    let bob = send(http.post(format!("{auth}/v1/accounts")).json(&bob)).await;
    let session = send(http.post(format!("{auth}/v1/sessions")).json(&ada)).await;
    let token = session["access_token"].as_str().expect("a token");
    let ask = |method: Method, url: String| http.request(method, url).bearer_auth(token);

    let file = Part::bytes(picture()).file_name("picture.png").mime_str("image/png").expect("a type");
    let form = Form::new().text("visibility", "public").text("alt", "a gradient").part("file", file);
    let shown = send(ask(Method::POST, format!("{photo}/v1/photos")).multipart(form)).await;
    let post = json!({ "text": "Look", "photos": [shown["id"]] });
    send(ask(Method::POST, format!("{social}/v1/posts")).json(&post)).await;
    let bob = bob["id"].as_str().expect("an id");
    send(ask(Method::PUT, format!("{relation}/v1/relations/{bob}/follow"))).await;
    let address = json!({ "email": "ada@example.org", "password": PASSWORD });
    send(ask(Method::PUT, format!("{auth}/v1/accounts/me/email")).json(&address)).await;
    let export = send(ask(Method::POST, format!("{auth}/v1/exports"))).await;
    let export = export["id"].as_str().expect("an id");
    send(ask(Method::GET, format!("{auth}/v1/exports/{export}/archive"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_the_drawing_is_in_a_trace_between_the_pods_that_it_names() {
    let _alone = alone().await;
    let (sink, store) = (Sink::start().await, Store::start(None).await);
    let pods = Pods::observed(&sink, &store).await;
    use_everything(&pods).await;
    let (read, traced): (Vec<Call>, Vec<Call>) = listed().into_iter().partition(|call| call.last.is_empty());
    eventually("every call is in a trace", async || {
        let spans = sink.spans();
        let missing: Vec<&Call> = traced.iter().filter(|call| !is_traced(call, &spans)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}")) }
    })
    .await;
    let mut readers = BTreeSet::new();
    eventually("every service reads the revocations", async || {
        readers.extend(pods.who_reads(REVOCATIONS).await);
        let missing: Vec<&Call> = read.iter().filter(|call| !readers.contains(call.from)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}")) }
    })
    .await;
    each_statement_names_its_schema(&sink);
    labels::all_are_there(&pods.metrics().await);
    each_line_is_an_object(&pods).await;
}

/// A pod has one database, and in it the schema of its service.
fn each_statement_names_its_schema(sink: &Sink) {
    let names_it = |span: &Span| span.attributes.get("db.namespace").is_some_and(|it| *it == format!("{DATABASE}|{}", span.service));
    let astray: Vec<Span> = sink.spans().into_iter().filter(|span| span.is_sql() && !names_it(span)).collect();
    assert!(astray.is_empty(), "{astray:#?}");
}

/// Whatever a pod writes is a JSON object a line, and that of a request names its trace and its span: one is turned away at each, so
/// that there is one.
async fn each_line_is_an_object(pods: &Pods) {
    let Pods { http, auth, photo, relation, social, .. } = pods;
    for (service, url) in [
        (Service::Auth, format!("{auth}/v1/accounts/me")),
        (Service::Photo, format!("{photo}/v1/photos/usage")),
        (Service::Relation, format!("{relation}/v1/relations/blocks")),
        (Service::Social, format!("{social}/v1/timelines/home")),
    ] {
        let (answer, trace) = traced(http.get(url).bearer_auth("kilroy.kilroy.kilroy")).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{service}");
        eventually("the pod writes who was turned away", async || {
            let lines: Vec<Value> = pods.lines_of(service).iter().map(|line| lines::read(line)).collect();
            let of_requests: Vec<&Value> = lines.iter().filter(|line| lines::is_of_request(line)).collect();
            let lengths = |line: &Value| ["trace_id", "span_id"].map(|id| line[id].as_str().map(str::len));
            assert!(of_requests.iter().all(|line| lengths(line) == [Some(32), Some(16)]), "{of_requests:#?}");
            if of_requests.iter().any(|line| line["trace_id"] == trace.as_str()) { Ok(()) } else { Err(format!("{service}: {lines:#?}")) }
        })
        .await;
    }
}
