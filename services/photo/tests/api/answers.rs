//! What is sent and what is answered.

use std::time::{Duration, Instant};

use contracts::PhotoId;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

pub fn form(file: Vec<u8>, texts: &[(&'static str, &str)]) -> Form {
    let part = Part::bytes(file).file_name("holiday.jpg").mime_str("image/jpeg").expect("a media type");
    texts.iter().fold(Form::new(), |form, (name, text)| form.text(*name, (*text).to_owned())).part("file", part)
}

/// Where a photo is described.
pub fn path(photo: &Value) -> String {
    format!("/v1/photos/{}", id(photo))
}

pub fn id(photo: &Value) -> PhotoId {
    photo["id"].as_str().expect("an id").parse().expect("an id")
}

/// The address of a photo's picture.
pub fn url<'a>(photo: &'a Value, variant: &str) -> &'a str {
    photo["urls"][variant].as_str().expect("an address")
}

/// The status of an answer and what its body says, but for the trace; nothing, if it is empty.
pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let bytes = answer.bytes().await.expect("a body");
    let mut body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    if let Some(body) = body.as_object_mut() {
        body.remove("trace_id");
    }
    (status, body)
}

/// The status of an answer and what its body says, but for the trace.
pub async fn problem(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let mut body: Value = answer.json().await.expect("a problem document");
    body.as_object_mut().expect("an object").remove("trace_id");
    (status, body)
}

/// Waits until it holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
