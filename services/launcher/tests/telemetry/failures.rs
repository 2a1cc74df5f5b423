//! What fails says so on its span, and on the span of whatever asked for it; a statement, too, whose failure was expected. What nobody
//! waits for is counted too, and the line about it names its span.

use reqwest::header::LOCATION;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::database::Database;
use crate::platform::Platform;
use crate::sink::{Sink, Span};
use crate::tour::{PASSWORD, Tour, picture};
use crate::{alone, eventually, lines};

/// A store that nobody runs.
const NO_STORE: [(&str, &str); 4] =
    [("S3_ENDPOINT", "http://127.0.0.1:9"), ("S3_BUCKET", "none"), ("AWS_ACCESS_KEY_ID", "none"), ("AWS_SECRET_ACCESS_KEY", "none")];

/// PostgreSQL's word for a table that is not there.
const UNDEFINED_TABLE: &str = "42P01";

/// And for a row that is there already.
const UNIQUE_VIOLATION: &str = "23505";

/// The first span `name` that failed, once it has arrived.
async fn failed(sink: &Sink, name: &str) -> Span {
    eventually(name, async || {
        let found = sink.spans().into_iter().find(|span| span.name == name && span.failed);
        found.ok_or_else(|| "none of this name has failed".to_owned())
    })
    .await
}

/// The statement in this trace that PostgreSQL refused in this way, once it has arrived.
async fn refused_statement(sink: &Sink, trace: &str, state: &str) -> Span {
    let says = |span: &Span, name: &str| span.attributes.get(name).is_some_and(|value| value == state);
    eventually(state, async || {
        let of_trace: Vec<Span> = sink.spans().into_iter().filter(|span| span.trace == trace && span.is_sql()).collect();
        let found = of_trace.iter().find(|span| span.failed && says(span, "error.type") && says(span, "db.response.status_code"));
        found.cloned().ok_or_else(|| format!("{of_trace:#?}"))
    })
    .await
}

fn attribute<'a>(span: &'a Span, name: &str) -> &'a str {
    span.attributes.get(name).unwrap_or_else(|| panic!("{span:?} has no {name}"))
}

/// Are there errors of PostgreSQL's class 42, which is about tables that are not there?
fn is_counted(metrics: &str) -> bool {
    metrics.lines().any(|line| line.starts_with("socialplatform_database_errors_total{") && line.contains("class=\"42\""))
}

/// A loop meets a table that is not there, while nobody asks for anything: that is counted, too.
async fn fail_in_a_loop(platform: &Platform, database: &Database) {
    let mut connection = database.connect("postgres").await;
    sqlx::raw_sql("alter table auth.erasures rename to erasures_elsewhere").execute(&mut connection).await.unwrap();
    eventually("what a loop fails at is counted", async || {
        let metrics = platform.metrics().await;
        if is_counted(&metrics) { Ok(()) } else { Err(metrics) }
    })
    .await;
    sqlx::raw_sql("alter table auth.erasures_elsewhere rename to erasures").execute(&mut connection).await.unwrap();
}

/// The line that begins so names the span of what failed, and its trace.
fn names(written: &[String], begins: &str, span: &Span) {
    let lines: Vec<Value> = written.iter().filter(|line| line.starts_with('{')).map(|line| lines::read(line)).collect();
    let is_meant = |line: &&Value| line["message"].as_str().is_some_and(|message| message.starts_with(begins));
    let meant: Vec<&Value> = lines.iter().filter(is_meant).collect();
    let is_of_span = |line: &&Value| line["trace_id"] == span.trace.as_str() && line["span_id"] == span.id.as_str();
    assert!(meant.iter().any(is_of_span), "none is of {span:?}: {meant:#?}");
}

/// Somebody begins an upload and gives it up: there is nothing to delete where the store is not.
async fn give_up_an_upload(tour: &mut Tour<'_>, token: &str) {
    let tus = |it: RequestBuilder| it.header("tus-resumable", "1.0.0");
    let begin = |it: RequestBuilder| tus(it).header("upload-length", "1000");
    let begun = tour.fetch("POST /v1/photos/tus", "/v1/photos/tus", token, begin).await;
    let path = begun.headers()[LOCATION].to_str().expect("an address").to_owned();
    tour.ask("DELETE /v1/photos/tus/{id}", &path, token, tus).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_marked_and_so_is_what_asked_for_it() {
    let _alone = alone().await;
    let database = Database::start();
    let owner = database.url();
    let sink = Sink::start().await;
    let environment = [&NO_STORE[..], &[("OWNER_DATABASE_URL", owner.as_str())]].concat();
    let platform = Platform::start_with(Some(&sink.url), &environment).await;
    fail_in_a_loop(&platform, &database).await;
    let mut tour = Tour::of(&platform);
    let (_, ada, _) = tour.person("failures_ada").await;
    let (bob, _, _) = tour.person("failures_bob").await;

    // Refused, and not failed.
    let wrong = json!({ "handle": "failures_ada", "password": "not the right password" });
    tour.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&wrong)).await;
    let refused = tour.visits.last().expect("just now").trace.clone();

    // Answered with a sentence of its own, and yet PostgreSQL refused a statement.
    let taken = json!({ "handle": "failures_ada", "password": "another good password 7" });
    tour.ask("POST /v1/accounts", "/v1/accounts", "", |it| it.json(&taken)).await;
    let conflict = tour.visits.last().expect("just now");
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    refused_statement(&sink, &conflict.trace, UNIQUE_VIOLATION).await;

    tour.upload(&ada, "public", picture()).await;
    assert_eq!(tour.visits.last().expect("just now").status, StatusCode::SERVICE_UNAVAILABLE);
    let upload = failed(&sink, "POST /v1/photos").await;
    assert_eq!(attribute(&upload, "error.type"), "503");
    let put = failed(&sink, "S3.PutObject").await;
    assert_eq!((attribute(&put, "error.type"), &put.trace), ("unreachable", &upload.trace));

    give_up_an_upload(&mut tour, &ada).await;
    let job = failed(&sink, "run photo.delete-incoming").await;

    let mut connection = database.connect("postgres").await;
    let moved = "alter table photo.albums rename to albums_elsewhere; alter table social.relations rename to relations_elsewhere";
    sqlx::raw_sql(moved).execute(&mut connection).await.unwrap();
    tour.just("GET /v1/albums", "/v1/albums?owner=me", &ada).await;
    assert_eq!(tour.visits.last().expect("just now").status, StatusCode::INTERNAL_SERVER_ERROR);
    let albums = failed(&sink, "GET /v1/albums").await;
    assert_eq!((attribute(&albums, "error.type"), attribute(&albums, "db.response.status_code")), ("500", UNDEFINED_TABLE));
    let statement = refused_statement(&sink, &albums.trace, UNDEFINED_TABLE).await;
    assert!(attribute(&statement, "db.query.text").contains("from albums"), "the one that asks for albums: {statement:?}");

    tour.just("PUT /v1/relations/{id}/follow", &format!("/v1/relations/{bob}/follow"), &ada).await;
    let fact = failed(&sink, "apply relation").await;
    assert_eq!(attribute(&fact, "messaging.consumer.group.name"), "social");
    assert!(attribute(&fact, "kinds").contains("relation.changed"), "{fact:?}");
    assert_eq!(attribute(&fact, "db.response.status_code"), UNDEFINED_TABLE);
    assert_eq!(fact.status, UNDEFINED_TABLE, "not the words of PostgreSQL");
    refused_statement(&sink, &fact.trace, UNDEFINED_TABLE).await;

    // Photo finds no albums to forget.
    let password = json!({ "password": PASSWORD });
    tour.ask("DELETE /v1/accounts/me", "/v1/accounts/me", &ada, |it| it.json(&password)).await;
    let forgetting = failed(&sink, "forget an account").await;
    assert_eq!(attribute(&forgetting, "db.response.status_code"), UNDEFINED_TABLE);

    let metrics = platform.metrics().await;
    assert!(is_counted(&metrics), "{metrics}");
    let labels = ["error_type", "db_response_status_code"].map(|label| format!("{label}=\"{UNDEFINED_TABLE}\""));
    let is_measured = |line: &str| {
        line.starts_with("db_client_operation_duration_seconds_count{") && labels.iter().all(|label| line.contains(label.as_str()))
    };
    assert!(metrics.lines().any(is_measured), "{metrics}");
    let spans = sink.spans();
    let refused = spans.iter().find(|span| span.trace == refused && span.name == "POST /v1/sessions").expect("it ended before the others");
    assert!(!refused.failed, "{refused:?}");

    let written = platform.stop();
    names(&written, "a job failed", &job);
    names(&written, "failed to apply", &fact);
    names(&written, "failed to erase an account", &forgetting);
}
