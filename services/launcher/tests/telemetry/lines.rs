//! Whatever a program in a pod writes is one JSON object a line, up to why it ended.

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_cannot_start_says_why_as_json_and_by_otlp_whatever_the_filter() {
    let sink = Sink::start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_social-platform"));
    command.arg("relation").envs([
        ("PUBLIC_URL", "http://social.localhost"),
        ("SERVICE_KEY", "no key"),
        ("SERVICE_KEYS", "{}"),
        ("DATABASE_URL", "postgres://nobody:nothing@127.0.0.1:9/none"),
        ("AUTH_URL", "http://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url.as_str()),
        ("RUST_LOG", "off"),
    ]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("the program starts")).await.unwrap();
    assert!(!output.status.success());
    let written = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).expect(&written)).collect();
    let [line] = lines.as_slice() else { panic!("{written}") };
    assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("ERROR"), Some("the program failed")));
    let why = "failed to read SERVICE_KEY";
    assert!(line["error"].as_str().is_some_and(|error| error.starts_with(why)), "{line}");
    let is_sent = sink.bodies("logs").iter().any(|body| body.windows(why.len()).any(|window| window == why.as_bytes()));
    assert!(is_sent, "it was not sent before the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_a_line_with_what_they_send_and_who_is_turned_away_is_in_one() {
    let _alone = alone().await;
    let platform = Platform::start_with(None, &[("RUST_LOG", "debug")]).await;
    let mut tour = Tour::of(&platform);
    let (_, token, _) = tour.person("ada").await;
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
    let denied = tour.visits.last().expect("just now");
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let trace = denied.trace.clone();

    let (objects, texts): (Vec<_>, Vec<_>) = platform.stop().into_iter().partition(|line| line.starts_with('{'));
    for text in &texts {
        assert!(!text.contains("kilroy") && !text.contains('\u{1b}'), "somebody else's line: {text:?}");
    }
    let lines: Vec<Value> =
        objects.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    assert!(lines.iter().all(|line| line["message"] != "kilroy" && line["timestamp"].is_string()), "somebody else's line");
    let of_denial = lines.iter().find(|line| line["event.name"] == "access.denied" && line["trace_id"] == trace.as_str());
    assert_eq!(of_denial.map(|line| &line["role"]), Some(&json!("Admin")));
}
