//! Whatever a program in a pod writes is one JSON object a line, up to why it ended; and a line for people, where that is asked
//! for.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::alone;
use crate::platform::Platform;
use crate::sink::Sink;
use crate::tour::Tour;

/// Would begin a line of its own, in red, if it were written as it is.
const FORGED: &str = "kilroy\r\n\u{1b}[31m{\"level\":\"ERROR\",\"message\":\"kilroy\"}\r\n";
/// The same in an address.
const FORGED_IN_PATH: &str = "kilroy%0D%0A%1B%5B31m%7B%22message%22:%22kilroy%22%7D%0D%0A";

/// Why a role cannot start.
const WHY: &str = "failed to read SERVICE_KEY";

/// The JSON object that a line is, which says when, how grave and what.
pub fn read(line: &str) -> Value {
    let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(["timestamp", "level", "message"].iter().all(|member| object[member].is_string()), "{line}");
    object
}

/// Is it of a request that was turned away? Nothing else writes such lines.
pub fn is_of_request(object: &Value) -> bool {
    object["event.name"].as_str().is_some_and(|name| name.starts_with("access."))
}

/// A role that cannot start, with more in its environment, and all that it writes.
async fn written_at_its_end(environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_social-platform"));
    command.arg("relation").envs([
        ("PUBLIC_URL", "http://social.localhost"),
        ("SERVICE_KEY", "no key"),
        ("SERVICE_KEYS", "{}"),
        ("DATABASE_URL", "postgres://nobody:nothing@127.0.0.1:9/none"),
        ("AUTH_URL", "http://127.0.0.1:9"),
        ("RUST_LOG", "off"),
    ]);
    command.envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().expect("the program starts")).await.unwrap();
    assert!(!output.status.success());
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_cannot_start_says_why_as_json_and_by_otlp_whatever_the_filter() {
    let sink = Sink::start().await;
    let written = written_at_its_end(&[("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url.as_str())]).await;
    let lines: Vec<Value> = written.lines().map(read).collect();
    let [line] = lines.as_slice() else { panic!("{written}") };
    assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("ERROR"), Some("the program failed")));
    assert!(line["error"].as_str().is_some_and(|error| error.starts_with(WHY)), "{line}");
    let is_sent = sink.bodies("logs").iter().any(|body| body.windows(WHY.len()).any(|window| window == WHY.as_bytes()));
    assert!(is_sent, "it was not sent before the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_asked_for_text_says_why_it_cannot_start_in_a_line_for_people() {
    let written = written_at_its_end(&[("LOG_FORMAT", "text"), ("NO_COLOR", "1")]).await;
    assert_eq!(written.lines().count(), 1, "{written}");
    let places = ["ERROR failure: ", "the program failed", WHY].map(|part| written.find(part));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{written}");
    assert!(!written.contains(['{', '\u{1b}']), "{written}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_a_line_with_what_they_send_and_who_is_turned_away_is_in_one() {
    let _alone = alone().await;
    let platform = Platform::start_with(None, &[("RUST_LOG", "debug")]).await;
    let mut tour = Tour::of(&platform);
    let (_, token, refresh) = tour.person("ada").await;
    let who = json!({ "handle": FORGED, "password": FORGED, "device": FORGED });
    for (route, path) in [("POST /v1/sessions", "/v1/sessions"), ("POST /v1/accounts", "/v1/accounts"), ("POST /v1/posts", "/v1/posts")] {
        tour.ask(route, path, &token, |it| it.json(&who)).await;
    }
    let form = [("grant_type", FORGED), ("client_id", FORGED), ("client_secret", FORGED)];
    tour.ask("POST /oauth/token", "/oauth/token", "", |it| it.form(&form)).await;
    for route in ["GET /v1/profiles/{id}", "GET /oauth/authorize", "GET /v1/tags/{tag}", "GET /nowhere"] {
        let path = match route.split_once('{') {
            Some((begins, _)) => format!("{}{FORGED_IN_PATH}", begins.trim_start_matches("GET ")),
            None => format!("{}?client_id={FORGED_IN_PATH}", route.trim_start_matches("GET ")),
        };
        tour.fetch(route, &path, "", |it| it).await;
    }
    tour.just("GET /v1/accounts", "/v1/accounts", &token).await;
    let no_admin = turned_away(&tour, StatusCode::FORBIDDEN);
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", "accounts:read")];
    let narrow = tour.ask("POST /oauth/token", "/oauth/token", "", |it| it.form(&narrow)).await;
    tour.just("GET /v1/photos", "/v1/photos?owner=me", narrow["access_token"].as_str().expect("a token")).await;
    let not_for_this = turned_away(&tour, StatusCode::FORBIDDEN);
    tour.just("GET /v1/accounts/me", "/v1/accounts/me", "kilroy.kilroy.kilroy").await;
    let forged = turned_away(&tour, StatusCode::UNAUTHORIZED);
    tour.just("DELETE /v1/sessions/current", "/v1/sessions/current", &token).await;
    let over = loop {
        tour.just("GET /v1/accounts/me", "/v1/accounts/me", &token).await;
        let last = tour.visits.last().expect("just now");
        // That a session has ended is heard within a second.
        if last.status == StatusCode::UNAUTHORIZED {
            break last.trace.clone();
        }
        assert_eq!(last.status, StatusCode::OK);
    };

    let (objects, texts): (Vec<_>, Vec<_>) = platform.stop().into_iter().partition(|line| line.starts_with('{'));
    for text in &texts {
        assert!(!text.contains("kilroy") && !text.contains('\u{1b}'), "somebody else's line: {text:?}");
        // What `all` greets with is indented.
        assert!(text.is_empty() || text.starts_with("  "), "no line for machines, nor of the greeting: {text:?}");
    }
    let lines: Vec<Value> = objects.iter().map(|line| read(line)).collect();
    assert!(lines.iter().all(|line| line["message"] != "kilroy"), "somebody else's line");
    for (trace, event, field, value) in [
        (no_admin, "access.denied", "role", "Admin"),
        (not_for_this, "access.denied", "scope", "photos:read"),
        (forged, "access.refused", "reason", "invalid"),
        (over, "access.refused", "reason", "ended"),
    ] {
        let of_it: Vec<_> = lines.iter().filter(|line| line["event.name"] == event && line["trace_id"] == trace.as_str()).collect();
        let [line] = of_it.as_slice() else { panic!("{event} is not one line: {of_it:?}") };
        assert_eq!((&line[field], &line["level"]), (&json!(value), &json!("INFO")), "{line}");
    }
}

/// The trace of the last request, which was refused.
fn turned_away(tour: &Tour<'_>, with: StatusCode) -> String {
    let last = tour.visits.last().expect("just now");
    assert_eq!(last.status, with);
    last.trace.clone()
}
