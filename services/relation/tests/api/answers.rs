//! What the service answers, and waiting for it.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::Person;

/// The answer to what somebody has to agree to.
pub async fn requested(request: RequestBuilder) {
    assert_eq!(answer(request).await, (StatusCode::ACCEPTED, json!({"requested": true})));
}

/// What stands between the viewer and somebody, where nothing does but what `set` sets.
pub fn relationship(whom: &Person, change: impl FnOnce(&mut dyn FnMut(&str, Value))) -> Value {
    let mut nothing = json!({
        "id": whom.id, "approves_followers": false, "following": false, "followed_by": false, "requested": false, "requested_by": false, "friends": false,
        "friend_requested": false, "friend_requested_by": false, "blocking": false, "muting": false, "muting_notifications": false,
        "muted_until": null, "note": null, "liked": false, "matched": false,
    });
    change(&mut |member: &str, value: Value| nothing[member] = value);
    nothing
}

/// Makes each change in turn; each must be done at once.
pub async fn done(changes: impl IntoIterator<Item = RequestBuilder>) {
    for change in changes {
        assert_eq!(answer(change).await, (StatusCode::NO_CONTENT, Value::Null));
    }
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
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
