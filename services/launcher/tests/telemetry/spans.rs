//! Which spans each route must have; and, of the same tour, that [`edges`] are there and [`attributes`] fit.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::dashboards::linked;
use crate::documented::documented;
use crate::platform::Platform;
use crate::routes::ROUTES;
use crate::sink::{Sink, Span};
use crate::store::Store;
use crate::tour::{Tour, Visit};
use crate::{alone, attributes, edges, eventually};

/// Whether the parents of `span` lead to `root`.
pub fn is_below(span: &Span, root: &Span, all: &[Span]) -> bool {
    let mut parent = span.parent.clone();
    for _ in all {
        if parent == root.id {
            return true;
        }
        match all.iter().find(|span| span.id == parent) {
            Some(span) => parent = span.parent.clone(),
            None => return false,
        }
    }
    false
}

/// A word of [`ROUTES`], and which spans it stands for.
type Word = (&'static str, fn(&Span) -> bool);

const WORDS: [Word; 6] = [
    ("sql", Span::is_sql),
    ("s3", Span::is_s3),
    ("call", Span::is_call),
    ("argon2", |span| span.name == "argon2id"),
    ("image", |span| span.name == "process picture"),
    ("variant", |span| span.name.starts_with("encode ")),
];

/// What the trace of a visit lacks.
fn lacking(visit: &Visit, needs: &str, spans: &[Span]) -> Option<String> {
    let of_trace: Vec<Span> = spans.iter().filter(|span| span.trace == visit.trace).cloned().collect();
    let Some(root) = of_trace.iter().find(|span| span.name == visit.route) else {
        return Some(format!("{} has no span of its name", visit.route));
    };
    let below = |is: fn(&Span) -> bool| of_trace.iter().filter(|span| is(span) && is_below(span, root, &of_trace)).count();
    let needed = |word: &str| needs.split(' ').filter(|needed| *needed == word).count();
    let few: Vec<_> = WORDS.into_iter().filter(|(word, is)| below(*is) < needed(word)).map(|(word, _)| word).collect();
    let route = root.attributes.get("http.route").map(String::as_str).unwrap_or_default();
    let is_named = !route.is_empty() && visit.route.ends_with(route) && root.attributes.contains_key("http.response.status_code");
    (!few.is_empty() || !is_named).then(|| format!("{} has too few of {few:?}: {of_trace:#?}", visit.route))
}

/// Has a post come into somebody's home timeline, in a trace of its own that is linked to its writing?
fn is_delivered(spans: &[Span]) -> bool {
    let is_delivery = |delivery: &Span| {
        delivery.name == "deliver post"
            && ["followers", "entries"].iter().all(|it| delivery.attributes.contains_key(*it))
            && spans.iter().any(|span| span.is_sql() && span.parent == delivery.id)
    };
    edges::is_linked("POST /v1/posts", is_delivery, spans)
}

/// A stream that has begun is one, too, and so is a form that leads on.
fn is_success(visit: &Visit) -> bool {
    visit.status.is_success() || [StatusCode::SWITCHING_PROTOCOLS, StatusCode::SEE_OTHER].contains(&visit.status)
}

#[test]
fn every_documented_route_says_which_spans_it_must_have() {
    let listed: BTreeSet<String> = ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(listed.len(), ROUTES.len(), "a route is listed twice");
    let documented: BTreeSet<String> = documented().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let missing: Vec<_> = documented.difference(&listed).collect();
    assert!(missing.is_empty(), "say in ROUTES which spans these must have, and visit them in tour.rs: {missing:?}");
    let gone: Vec<_> = listed.difference(&documented).collect();
    assert!(gone.is_empty(), "these are no routes: {gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_has_its_spans_and_every_fact_its_edge() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let store = Store::start(None).await;
    // What a proxy says of how callers came is believed.
    let environment = [&[("TRUSTED_PROXY_HOPS", "1")][..], store.environment().as_slice()].concat();
    let platform = Platform::start_with(Some(&sink.url), &environment).await;
    let mut tour = Tour::of(&platform);
    tour.visit_every_route("spans").await;

    let visits_of = |route: &'static str| tour.visits.iter().filter(move |visit| visit.route == route);
    let looked_at = |route: &'static str, needs: &str| {
        let is_refused = needs.contains("refused");
        visits_of(route).find(|visit| if is_refused { visit.status.is_client_error() } else { is_success(visit) })
    };
    let unvisited: Vec<_> = ROUTES.iter().filter(|(route, needs)| looked_at(route, needs).is_none()).collect();
    let answers = |(route, _): &&(&'static str, &str)| (*route, visits_of(route).map(|visit| visit.status).collect::<Vec<_>>());
    assert!(unvisited.is_empty(), "the tour does not get there: {:#?}", unvisited.iter().map(answers).collect::<Vec<_>>());
    for (route, needs) in ROUTES {
        let visit = looked_at(route, needs).expect("all were visited");
        eventually(route, async || lacking(visit, needs, &sink.spans()).map_or(Ok(()), Err)).await;
    }

    edges::all_found(&sink).await;
    eventually("a loop has taken a post to somebody", async || if is_delivered(&sink.spans()) { Ok(()) } else { Err(String::new()) }).await;

    // The trace that an error names is the one that was sent.
    let refused = tour.ask("POST /v1/posts", "/v1/posts", "", |it| it.json(&serde_json::json!({ "text": "?" }))).await;
    assert_eq!(refused["trace_id"].as_str(), Some(tour.visits.last().expect("just now").trace.as_str()));

    let odd = |it: reqwest::RequestBuilder| it.header("x-forwarded-proto", "https");
    tour.ask("BREW /v1/posts", "/v1/posts", "", odd).await;
    let odd = tour.visits.last().expect("just now").trace.clone();
    let page = platform.metrics().await;
    // What is not sent yet is sent at the end.
    platform.stop();
    attributes::all_fit(&sink);
    let spans = sink.spans();
    let astray = linked::astray(&page, &spans);
    assert!(astray.is_empty(), "links of panels that lead nowhere: {astray:#?}");
    let odd = spans.iter().find(|span| span.trace == odd).expect("it was sent");
    let has = |name: &str| odd.attributes.get(name).map(String::as_str);
    let method = ["http.request.method", "http.request.method_original"].map(has);
    assert_eq!((odd.name.as_str(), method), ("HTTP /v1/posts", [Some("_OTHER"), Some("BREW")]));
    assert_eq!(["url.scheme", "server.address"].map(has), [Some("https"), Some("127.0.0.1")]);
}
