//! The arrows of the drawing in docs/architecture.md, found in traces. A call is a parent and its child; a fact that is
//! applied and a job that runs are traces of their own, with a link to what caused them.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::eventually;
use crate::sink::{Sink, Span};
use crate::spans::is_below;
use crate::tour::OUTSIDE;

const ARCHITECTURE: &str = include_str!("../../../../docs/architecture.md");

/// The upper half of the drawing, and letters: an arrow, the span at its beginning, and the span at its end with its kind. The
/// beginning of a request from outside is not ours.
const CALLS: [(&str, &str, &str, SpanKind); 9] = [
    ("people → auth", "", "POST /v1/sessions", SpanKind::Server),
    ("people → social", "", "POST /v1/posts", SpanKind::Server),
    ("people → photo", "", "POST /v1/photos", SpanKind::Server),
    ("people → relation", "", "PUT /v1/relations/{id}/follow", SpanKind::Server),
    ("social → photo", "POST /v1/posts", "POST /internal/photos/usable", SpanKind::Server),
    ("auth → the others", "GET /v1/exports/{id}/archive", "POST /internal/export", SpanKind::Server),
    ("photo → S3", "POST /v1/photos", "S3.PutObject", SpanKind::Client),
    // Not for a request: a loop asks.
    ("the others → auth", "GET /.well-known/jwks.json", "GET /.well-known/jwks.json", SpanKind::Server),
    ("auth → the mail server", "run auth.letter", "send letter", SpanKind::Client),
];

/// Which span tells each kind of fact that the lower half of the drawing has.
const TOLD: [(&str, &str); 10] = [
    ("relation.changed", "PUT /v1/relations/{id}/follow"),
    ("relation.happened", "PUT /v1/relations/{id}/follow"),
    ("photo.changed", "DELETE /v1/photos/{id}"),
    ("post.narrowed", "DELETE /v1/posts/{id}"),
    ("photos.shown", "POST /v1/posts"),
    ("interest.changed", "PUT /v1/tags/{tag}/follow"),
    ("profile.changed", "PATCH /v1/profiles/me"),
    ("account.changed", "PUT /v1/accounts/{id}/suspension"),
    ("account.erased", "erase account"),
    ("account.forgotten", "forget an account"),
];

/// Which span owes each kind of job.
const OWED: [(&str, &str); 3] = [
    ("auth.letter", "PUT /v1/accounts/me/email"),
    ("photo.delete-objects", "DELETE /v1/photos/{id}"),
    ("photo.delete-incoming", "DELETE /v1/photos/tus/{id}"),
];

/// An arrow of a fact.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    producer: &'static str,
    kind: &'static str,
    consumer: &'static str,
}

/// The arrows of facts: lines such as `photo ───── photo.changed ─────► social, photo (why)`.
fn drawn() -> BTreeSet<Told> {
    let mut arrows = BTreeSet::new();
    for (left, right) in ARCHITECTURE.lines().filter_map(|line| line.split_once('►')) {
        let mut words = left.split_whitespace().filter(|word| !word.starts_with('─')).rev();
        let (Some(kind), Some(producer)) = (words.next(), words.next()) else { continue };
        if kind.contains('.') {
            let consumers = right.split('(').next().unwrap_or_default().split(',').map(str::trim);
            arrows.extend(consumers.map(|consumer| Told { producer, kind, consumer }));
        }
    }
    arrows
}

/// Is there a span `to` of this kind below a span `from`, or below the one that somebody outside sent along?
fn is_called(from: &str, to: &str, kind: SpanKind, spans: &[Span]) -> bool {
    spans.iter().filter(|span| span.name == to && span.kind == kind as i32).any(|end| {
        let of_trace: Vec<Span> = spans.iter().filter(|span| span.trace == end.trace).cloned().collect();
        match from {
            "" => end.parent == OUTSIDE,
            from => of_trace.iter().any(|span| span.name == from && is_below(end, span, &of_trace)),
        }
    })
}

/// Is there a span `to` with these attributes that is linked to a span `from`, and a trace of its own?
fn is_linked(from: &str, to: &str, attributes: &[(&str, &str)], spans: &[Span]) -> bool {
    let causes: BTreeSet<&str> = spans.iter().filter(|span| span.name == from).map(|span| span.trace.as_str()).collect();
    let is_meant = |span: &&Span| {
        let has = |(name, value): &(&str, &str)| span.attributes.get(*name).is_some_and(|found| found == value);
        span.name == to && span.parent.is_empty() && attributes.iter().all(has)
    };
    let mut links = spans.iter().filter(is_meant).flat_map(|span| span.links.iter().map(move |link| (span, link)));
    links.any(|(span, link)| *link != span.trace && causes.contains(link.as_str()))
}

/// The arrows that no trace has.
fn missing(spans: &[Span]) -> Vec<String> {
    let calls = CALLS.into_iter().filter(|(_, from, to, kind)| !is_called(from, to, *kind, spans)).map(|(arrow, ..)| arrow.to_owned());
    let is_told = |told: &Told| {
        let (_, from) = TOLD.into_iter().find(|(kind, _)| *kind == told.kind).expect("the test below says so");
        let between = [("messaging.destination.name", told.producer), ("messaging.consumer.group.name", told.consumer)];
        is_linked(from, &format!("apply {}", told.kind), &between, spans)
    };
    let told = drawn().into_iter().filter(|told| !is_told(told)).map(|told| format!("{told:?}"));
    let jobs = OWED.into_iter().filter(|(kind, from)| !is_linked(from, &format!("run {kind}"), &[], spans));
    calls.chain(told).chain(jobs.map(|(kind, from)| format!("{from} → the job {kind}"))).collect()
}

#[test]
fn the_drawing_has_every_kind_of_fact_that_is_looked_for() {
    let drawn: BTreeSet<_> = drawn().iter().map(|told| told.kind).collect();
    let looked_for: BTreeSet<_> = TOLD.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(drawn, looked_for, "the drawing in docs/architecture.md, and TOLD");
}

/// Waits until every arrow is there.
pub async fn all_found(sink: &Sink) {
    eventually("every arrow of the drawing is an edge of a trace", async || {
        let missing = missing(&sink.spans());
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}")) }
    })
    .await;
}
