//! The arrows of facts in the drawing of docs/architecture.md, and jobs, found in traces: what is applied or run is a trace of its
//! own, with a link to what caused it. `calls` finds the others.

use std::collections::BTreeSet;

use crate::eventually;
use crate::sink::{Sink, Span};

const ARCHITECTURE: &str = include_str!("../../../../docs/architecture.md");

/// Which span tells each kind of fact that the lower half of the drawing has.
const TOLD: [(&str, &str); 12] = [
    ("relation.changed", "PUT /v1/relations/{id}/follow"),
    ("relation.happened", "PUT /v1/relations/{id}/follow"),
    ("relation.ended", "DELETE /v1/relations/{id}/like"),
    ("photo.changed", "DELETE /v1/photos/{id}"),
    ("post.narrowed", "DELETE /v1/posts/{id}"),
    ("photos.shown", "POST /v1/posts"),
    ("interest.changed", "PUT /v1/tags/{tag}/follow"),
    ("profile.changed", "PATCH /v1/profiles/me"),
    ("account.posted", "POST /v1/posts"),
    ("account.changed", "PUT /v1/accounts/{id}/suspension"),
    ("account.erased", "erase account"),
    ("account.forgotten", "forget an account"),
];

/// Which span owes each kind of job.
const OWED: [(&str, &str); 4] = [
    ("auth.letter", "PUT /v1/accounts/me/email"),
    ("photo.delete-objects", "DELETE /v1/photos/{id}"),
    ("photo.discard-objects", "POST /v1/photos"),
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

/// How many services listen to how many others, by the drawing.
pub fn consumers() -> usize {
    let pairs: BTreeSet<_> = drawn().into_iter().map(|told| (told.producer, told.consumer)).collect();
    pairs.len()
}

/// Is there a span like that which is linked to a span `from`, and a trace of its own?
pub fn is_linked(from: &str, is_end: impl Fn(&Span) -> bool, spans: &[Span]) -> bool {
    let causes: BTreeSet<&str> = spans.iter().filter(|span| span.name == from).map(|span| span.trace.as_str()).collect();
    let ends = spans.iter().filter(|span| span.parent.is_empty() && is_end(span));
    let mut links = ends.flat_map(|span| span.links.iter().map(move |link| (span, link)));
    links.any(|(span, link)| *link != span.trace && causes.contains(link.as_str()))
}

/// Does this span apply such facts, together with others that were waiting or not? It lists the kinds of all of them.
fn applies(span: &Span, told: &Told) -> bool {
    let has = |name: &str, value: &str| span.attributes.get(name).is_some_and(|found| found == value);
    span.name == format!("apply {}", told.producer)
        && span.attributes.get("kinds").is_some_and(|kinds| kinds.split(", ").any(|kind| kind == told.kind))
        && has("messaging.destination.name", told.producer)
        && has("messaging.consumer.group.name", told.consumer)
}

/// The arrows that no trace has.
fn missing(spans: &[Span]) -> Vec<String> {
    let is_told = |told: &Told| {
        let (_, from) = TOLD.into_iter().find(|(kind, _)| *kind == told.kind).expect("the test below says so");
        is_linked(from, |span| applies(span, told), spans)
    };
    let told = drawn().into_iter().filter(|told| !is_told(told)).map(|told| format!("{told:?}"));
    let jobs = OWED.into_iter().filter(|(kind, from)| !is_linked(from, |span| span.name == format!("run {kind}"), spans));
    told.chain(jobs.map(|(kind, from)| format!("{from} → the job {kind}"))).collect()
}

#[test]
fn the_drawing_has_every_kind_of_fact_that_is_looked_for() {
    let drawn: BTreeSet<_> = drawn().iter().map(|told| told.kind).collect();
    let looked_for: BTreeSet<_> = TOLD.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(drawn, looked_for, "the drawing in docs/architecture.md, and TOLD");
}

/// Waits until every arrow is there.
pub async fn all_found(sink: &Sink) {
    eventually("every arrow of a fact, and every job, is an edge of a trace", async || {
        let missing = missing(&sink.spans());
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}")) }
    })
    .await;
}
