//! What answers say.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// The ids of an empty list.
pub const NONE: [&str; 0] = [];

/// The address of a post.
pub fn path(post: &Value) -> String {
    format!("/v1/posts/{}", id(post))
}

pub fn id(of: &Value) -> &str {
    of["id"].as_str().expect("an id")
}

/// The ids of a page.
pub fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("a list").iter().map(|item| id(item).to_owned()).collect()
}

/// The address of the page after or before an answer's.
pub fn link(answer: &Response, rel: &str) -> Option<String> {
    let links = answer.headers().get("link")?.to_str().expect("ASCII");
    let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
    Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
}

/// The status of an answer and what its body says, but for the trace.
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

/// Waits until it holds.
pub async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(120), what, holds).await;
}

/// Waits until it holds, for no longer than this.
pub async fn within(time: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + time;
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
