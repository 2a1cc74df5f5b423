//! Which spans each route must have, and how later work hangs together with its cause.

use std::collections::BTreeSet;

use crate::platform::Platform;
use crate::sink::{Sink, Span};
use crate::tour::{Tour, Visit};
use crate::{alone, eventually};

/// What a request leaves in its trace.
#[derive(Clone, Copy)]
struct Needs {
    /// Statements at least.
    sql: usize,
    /// Calls of the object store at least.
    s3: usize,
    /// Calls of another service at least.
    calls: usize,
}

const SQL: Needs = Needs { sql: 1, s3: 0, calls: 0 };
const NOTHING: Needs = Needs { sql: 0, s3: 0, calls: 0 };

/// Every documented route. The first success of each is looked at.
const ROUTES: [(&str, Needs); 31] = [
    ("GET /.well-known/jwks.json", NOTHING),
    ("POST /oauth/token", SQL),
    ("POST /v1/accounts", SQL),
    ("GET /v1/accounts/me", SQL),
    ("POST /v1/sessions", SQL),
    ("DELETE /v1/sessions/current", SQL),
    ("POST /v1/posts", Needs { calls: 1, ..SQL }),
    ("GET /v1/posts/{id}", SQL),
    ("DELETE /v1/posts/{id}", SQL),
    ("GET /v1/posts/{id}/comments", SQL),
    ("PUT /v1/posts/{id}/reactions/{emoji}", SQL),
    ("DELETE /v1/posts/{id}/reactions/{emoji}", SQL),
    ("GET /v1/profiles", SQL),
    ("PATCH /v1/profiles/me", SQL),
    ("GET /v1/profiles/{id}", SQL),
    ("GET /v1/timelines/accounts/{id}", SQL),
    ("GET /v1/timelines/home", SQL),
    ("GET /v1/timelines/public", SQL),
    ("GET /p/{key}/{variant}", Needs { s3: 1, ..SQL }),
    ("GET /v1/photos", SQL),
    ("POST /v1/photos", Needs { s3: 3, ..SQL }),
    ("GET /v1/photos/{id}", SQL),
    ("DELETE /v1/photos/{id}", SQL),
    ("PATCH /v1/photos/{id}", SQL),
    ("GET /v1/relations/{id}", SQL),
    ("PUT /v1/relations/{id}/block", SQL),
    ("DELETE /v1/relations/{id}/block", SQL),
    ("PUT /v1/relations/{id}/follow", SQL),
    ("DELETE /v1/relations/{id}/follow", SQL),
    ("GET /v1/relations/{id}/followers", SQL),
    ("GET /v1/relations/{id}/following", SQL),
];

/// Whether the parents of `span` lead to `root`.
fn is_below(span: &Span, root: &Span, all: &[Span]) -> bool {
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

/// What the trace of a visit lacks.
fn lacking(visit: &Visit, needs: Needs, spans: &[Span]) -> Option<String> {
    let of_trace: Vec<Span> = spans.iter().filter(|span| span.trace == visit.trace).cloned().collect();
    let Some(root) = of_trace.iter().find(|span| span.name == visit.route) else {
        return Some(format!("{} has no span of its name", visit.route));
    };
    let below = |is: fn(&Span) -> bool| of_trace.iter().filter(|span| is(span) && is_below(span, root, &of_trace)).count();
    let (sql, s3, calls) = (below(Span::is_sql), below(Span::is_s3), below(Span::is_call));
    let is_complete = sql >= needs.sql && s3 >= needs.s3 && calls >= needs.calls;
    let route = root.attributes.get("http.route").map(String::as_str).unwrap_or_default();
    let is_named = !route.is_empty() && visit.route.ends_with(route) && root.attributes.contains_key("http.response.status_code");
    (!is_complete || !is_named).then(|| format!("{} has {sql} statements, {s3} calls of S3, {calls} calls: {of_trace:#?}", visit.route))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_has_its_spans_and_later_work_is_linked_to_its_cause() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let platform = Platform::start(Some(&sink.url)).await;
    let mut tour = Tour::of(&platform);
    tour.everywhere("spans").await;

    let known: BTreeSet<&str> = ROUTES.iter().map(|(route, _)| *route).collect();
    for (route, needs) in ROUTES {
        let visit = tour.visits.iter().find(|visit| visit.route == route && visit.status.is_success());
        let visit = visit.unwrap_or_else(|| panic!("the tour succeeds at {route}"));
        eventually(route, async || lacking(visit, needs, &sink.spans()).map_or(Ok(()), Err)).await;
    }
    assert!(tour.visits.iter().all(|visit| known.contains(visit.route)), "a route of the tour is not in the table");

    // A fact has the trace of nobody, and a link to the request that made it true; so has a job.
    let later = [("PUT /v1/relations/{id}/follow", "apply relation.changed"), ("DELETE /v1/photos/{id}", "run photo.delete-objects")];
    for (cause, effect) in later {
        let cause = tour.visits.iter().find(|visit| visit.route == cause && visit.status.is_success()).expect("the tour was there");
        let effect = eventually(effect, async || {
            let spans = sink.spans();
            let linked = spans.into_iter().find(|span| span.name == effect && span.links.contains(&cause.trace));
            linked.ok_or_else(|| format!("no {effect} is linked to {}", cause.route))
        })
        .await;
        assert_ne!(effect.trace, cause.trace, "{} is a child and not linked", effect.name);
        assert_eq!(effect.parent, "", "{} has a parent", effect.name);
    }

    // The trace that an error names is the one that was sent.
    let refused = tour.ask("POST /v1/posts", "/v1/posts", "", |it| it.json(&serde_json::json!({ "text": "?" }))).await;
    assert_eq!(refused["trace_id"].as_str(), Some(tour.visits.last().expect("just now").trace.as_str()));
}
