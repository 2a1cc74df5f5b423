//! Whatever a program in a pod writes is one JSON object a line, up to why it ended.

use std::process::Command;

use serde_json::Value;

use crate::sink::Sink;

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
