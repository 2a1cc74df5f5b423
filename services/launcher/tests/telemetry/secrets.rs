//! What people trust the platform with is in nothing that it emits.

use reqwest::StatusCode;
use serde_json::json;

use crate::platform::Platform;
use crate::sink::Sink;
use crate::store::{SECRET, Store};
use crate::tour::{TOLD_ONCE, Tour};
use crate::{alone, eventually};

/// Sent where nothing of the kind is expected, too.
const COOKIE: &str = "cookie-3f0c9d5e71";
const MAIL: &str = "somebody-3f0c9d5e71@example.org";
const HALF: &str = "unfinished-3f0c9d5e71";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.forged-3f0c9d5e71.signature";
const CODE: &str = "splk_3f0c9d5e71-of-a-letter";
const NOTE: &str = "a note for three people 3f0c9d5e71";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_anything_that_is_emitted() {
    looked_for("info").await;
}

/// Whoever runs a platform may ask any library for any line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_what_libraries_write_when_they_are_asked_for_everything() {
    looked_for("debug").await;
    if std::env::var("PROVE").is_ok() {
        looked_for("trace").await;
    }
}

/// Looks for every secret of a tour in everything that is emitted while all lines of this level are written.
async fn looked_for(level: &str) {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let log = [("RUST_LOG", level)];
    // The store tells as much as the platform: what is signed passes through it.
    let store = Store::start_with(Some(&sink.url), &log).await;
    let platform = Platform::start_with(Some(&sink.url), &[&store.environment()[..], &log].concat()).await;
    let mut tour = Tour::of(&platform);
    tour.visit_every_route("secrets").await;
    // Each service gets each of them in each place that a request has, and most of these requests fail.
    for (route, path) in [
        ("POST /v1/accounts", "/v1/accounts"),
        ("POST /v1/sessions", "/v1/sessions"),
        ("POST /oauth/token", "/oauth/token"),
        ("POST /v1/posts", "/v1/posts"),
        ("POST /v1/photos", "/v1/photos"),
        ("GET /p/{key}/{variant}", "/p/AAAAAAAAAAAAAAAAAAAAAA/thumb"),
        ("GET /v1/timelines/home", "/v1/timelines/home"),
        ("GET /v1/relations/{id}", "/v1/relations/1"),
        ("GET /v1/profiles", "/v1/profiles?handle=nobody"),
    ] {
        let marked = |it: reqwest::RequestBuilder| it.header("cookie", format!("session={COOKIE}; media={COOKIE}")).header("from", MAIL);
        let sign = if path.contains('?') { '&' } else { '?' };
        tour.ask(route, &format!("{path}{sign}token={TOKEN}&mail={MAIL}"), "", marked).await;
        tour.ask(route, path, TOKEN, marked).await;
        let half = format!("{{\"password\":\"{HALF}");
        tour.ask(route, path, "", |it| marked(it).header("content-type", "application/json").body(half)).await;
        tour.ask(route, path, "", |it| marked(it).json(&json!({ "password": [HALF], "handle": MAIL, "text": { "note": NOTE } }))).await;
    }
    // A link in a letter is good until its form is sent.
    tour.ask("GET /oauth/links/reset", &format!("/oauth/links/reset?code={CODE}"), "", |it| it).await;
    tour.ask("GET /oauth/links/verify", &format!("/oauth/links/verify?code={CODE}"), "", |it| it).await;
    tour.ask("POST /oauth/forgotten", "/oauth/forgotten", "", |it| it.form(&[("csrf", HALF), ("whose", MAIL)])).await;
    // The same with a slash too many is no route at all.
    for (route, path) in [
        ("GET /oauth/links/reset", format!("/oauth/links/reset/{CODE}")),
        ("PUT /v1/accounts/password-resets/{token}", format!("/v1/accounts/password-resets/{CODE}/")),
        ("PUT /v1/accounts/password-resets/{token}", format!("//v1/accounts/password-resets/{CODE}")),
        ("POST /v1/accounts/email-verifications/{token}", format!("/v1/accounts/email-verifications/{CODE}/")),
    ] {
        tour.ask(route, &path, "", |it| it).await;
        assert_eq!(tour.visits.last().expect("just now").status, StatusCode::NOT_FOUND);
    }
    let mut secrets = tour.secrets.clone();
    for kind in TOLD_ONCE {
        assert!(secrets.iter().any(|secret| secret.starts_with(kind)), "the tour was told no {kind}");
    }
    secrets.extend(platform.made_up());
    secrets.extend([COOKIE, MAIL, HALF, TOKEN, NOTE, CODE, SECRET].map(str::to_owned));
    assert!(secrets.iter().any(|secret| secret.contains("X-Amz-Signature")), "the tour sent a file straight to the store");
    // A token is as good as its signature; and a part of it that is cut off is still a secret.
    let long = secrets.iter().filter(|secret| secret.len() > 60);
    let ends: Vec<String> = long.map(|secret| secret[secret.len() - 30..].to_owned()).collect();
    secrets.extend(ends);

    let last = tour.visits.last().expect("there were many").trace.clone();
    eventually("the last trace was exported", async || {
        let arrived = sink.spans().iter().any(|span| span.trace == last);
        if arrived { Ok(()) } else { Err("it was not".to_owned()) }
    })
    .await;
    let metrics = platform.metrics().await;
    let lines = platform.stop();
    let of_level = format!("\"level\":\"{}\"", level.to_uppercase());
    assert!(lines.iter().any(|line| line.contains(&of_level)), "no line is of the level {level}");

    let mut emitted: Vec<(&str, String)> = vec![("/metrics", metrics)];
    emitted.extend(lines.into_iter().map(|line| ("standard output", line)));
    let lines = store.lines();
    assert!(lines.iter().any(|line| line.contains("the development store is listening")), "the lines of the store are read: {lines:?}");
    emitted.extend(lines.into_iter().map(|line| ("the standard output of the store", line)));
    for signal in ["traces", "metrics", "logs"] {
        let bodies = sink.bodies(signal);
        assert!(!bodies.is_empty(), "no {signal} were exported");
        // Whatever is no text between them, secrets are.
        emitted.extend(bodies.iter().map(|body| (signal, String::from_utf8_lossy(body).into_owned())));
    }
    for secret in &secrets {
        for (place, text) in &emitted {
            assert!(!text.contains(secret.as_str()), "{secret} is in {place}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_request_names_its_trace() {
    let _alone = alone().await;
    let platform = Platform::start(None).await;
    let mut tour = Tour::of(&platform);
    let wrong = json!({ "handle": "nobody_here", "password": "not the right password" });
    tour.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&wrong)).await;
    let trace = tour.visits[0].trace.clone();
    let lines = platform.stop();
    let line = lines.iter().find(|line| line.contains("a sign-in failed")).expect("it is logged");
    let line: serde_json::Value = serde_json::from_str(line).expect("one JSON object a line");
    assert_eq!(line["trace_id"].as_str(), Some(trace.as_str()));
    assert_eq!(line["span_id"].as_str().map(str::len), Some(16));
}
