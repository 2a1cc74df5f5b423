//! A guess at a name that nobody has costs what a wrong password costs: the same work, as its trace shows it.

use reqwest::StatusCode;
use serde_json::json;

use crate::platform::Platform;
use crate::sink::{Sink, Span};
use crate::tour::{OUTSIDE, PASSWORD};
use crate::{alone, eventually};

/// Guesses at a name, in a trace of its own.
async fn guess(platform: &Platform, handle: &str, trace: &str) {
    let request = platform.http.post(format!("{}/v1/sessions", platform.url)).header("traceparent", format!("00-{trace}-{OUTSIDE}-01"));
    let answer = request.json(&json!({ "handle": handle, "password": "not the password, not at all" })).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{handle}");
}

/// What was done in a trace, in no order: each span, a statement with its text.
async fn done(sink: &Sink, trace: &str) -> Vec<String> {
    let spans = eventually("the trace has arrived", async || {
        let spans: Vec<Span> = sink.spans().into_iter().filter(|span| span.trace == trace).collect();
        // Spans leave in the order in which they end, and that of the route ends last.
        let is_whole = spans.iter().any(|span| span.name == "POST /v1/sessions");
        if is_whole { Ok(spans) } else { Err(format!("{spans:?}")) }
    })
    .await;
    let text = |span: &Span| span.attributes.get("db.query.text").cloned().unwrap_or_default();
    let mut done: Vec<String> = spans.iter().map(|span| format!("{}: {}", span.name, text(span))).collect();
    done.sort();
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_makes_the_work_of_a_wrong_password() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let platform = Platform::start(Some(&sink.url)).await;
    let ada = json!({ "handle": "ada", "password": PASSWORD });
    let made = platform.http.post(format!("{}/v1/accounts", platform.url)).json(&ada).send().await.expect("an answer");
    assert_eq!(made.status(), StatusCode::CREATED);

    let [known, unknown, no_name] =
        ["4bf92f3577b34da6a3ce929d0e0e0001", "4bf92f3577b34da6a3ce929d0e0e0002", "4bf92f3577b34da6a3ce929d0e0e0003"];
    guess(&platform, "ada", known).await;
    guess(&platform, "nobody_at_all", unknown).await;
    guess(&platform, "no name at all", no_name).await;

    let work = done(&sink, known).await;
    assert_eq!(work.iter().filter(|span| span.starts_with("argon2id:")).count(), 1, "{work:#?}");
    assert!(work.iter().any(|span| span.contains("insert into security_events")), "{work:#?}");
    assert_eq!(done(&sink, unknown).await, work);
    assert_eq!(done(&sink, no_name).await, work);
}
