//! Every object, with every kind of person: with their own token, and with tokens that look like it.

mod forged;
mod own;
mod sent;
mod table;
mod things;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use self::forged::{Forged, seed};
use self::sent::filled;
use self::table::{PEOPLE, Row, rows};
use self::things::{Names, People, named, nowhere, set};
use crate::stage::Stage;

/// What an answer says, but for what names the request.
async fn said(answer: Response) -> Value {
    let bytes = answer.bytes().await.unwrap();
    let mut said = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes)));
    if let Some(said) = said.as_object_mut() {
        for of_this_request in ["trace_id", "instance"] {
            said.remove(of_this_request);
        }
    }
    said
}

async fn ask(stage: &Stage, row: &Row, path: &str, token: Option<&str>) -> Response {
    filled(stage.request(row.method, path, token), row.method, row.path).send().await.unwrap()
}

/// What is wrong with the answer to somebody, if anything.
async fn wrong(stage: &Stage, names: &Names, row: &Row, token: Option<&str>, expected: &str) -> Option<String> {
    let answer = ask(stage, row, &named(names, row.path), token).await;
    let status = if answer.status() == StatusCode::ACCEPTED { StatusCode::NO_CONTENT } else { answer.status() };
    if status.as_str() != expected {
        return Some(format!("gets {status}, not {expected}"));
    }
    if status != StatusCode::NOT_FOUND || !row.path.contains('{') {
        return None;
    }
    // What is not for them is like what never was.
    let never = ask(stage, row, &nowhere(names, row.path), token).await;
    let (of_never, here, nothing) = (never.status(), said(answer).await, said(never).await);
    let same = of_never == StatusCode::NOT_FOUND && here == nothing;
    (!same).then(|| format!("reads {here}, and of what never was, {of_never}: {nothing}"))
}

#[tokio::test]
async fn everybody_sees_and_does_what_they_may_and_no_more() {
    let stage = Stage::start();
    let people = People::arrive(&stage).await;
    let names = set(&stage, &people).await;
    // Streams begin a moment after everything else.
    stage.until("GET", "/v1/stream", people.token("owner"), StatusCode::OK).await;

    let (seed, forged) = (seed(), Forged::of(&people));
    let mut all = Vec::new();
    for (number, row) in rows().iter().enumerate() {
        // As long as what is asked for is there.
        for (who, name, token, expected) in forged.tries(row, number + seed) {
            let status = ask(&stage, row, &named(&names, row.path), Some(&token)).await.status();
            if status != expected {
                all.push(format!("{} {}: {who} with {name} gets {status}, not {expected}", row.method, row.path));
            }
        }
        for (who, expected) in PEOPLE.into_iter().zip(&row.expected) {
            if let Some(wrong) = wrong(&stage, &names, row, people.token(who), expected).await {
                all.push(format!("{} {}: {who} {wrong}", row.method, row.path));
            }
        }
    }
    assert!(people.forges.values().all(|forge| forge.nobody_called()), "a token made the platform call an address");
    assert!(all.is_empty(), "with SEED={seed}:\n{}", all.join("\n"));
}
