//! What a program of ours writes in a pod: one JSON object a line.

use serde_json::Value;

/// The containers that write lines and nothing else. A backup prints its report, too, and PostgreSQL writes as it likes.
const OURS: [&str; 7] = ["auth", "migrate", "operator", "photo", "relation", "s3", "social"];

/// What the kubelet answers, with 200, in place of a log that is no longer there: its container is gone, or the log's file is, or was
/// between two looks (`GetContainerLogs` and `ReadLogs` of `pkg/kubelet/kuberuntime`).
const NO_LOG: [&str; 3] =
    ["unable to retrieve container logs for ", "failed to try resolving symlinks in path ", "failed to open log file "];

/// Looks at each line of a container's log, if the container is one of ours.
pub fn are_objects(place: &str, container: &str, log: &str) {
    if !OURS.contains(&container) || is_gone(log) {
        return;
    }
    // The last one may be on its way, or cut short with the program that wrote it.
    for line in log.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        assert!(is_right(line), "{place} has a line that does not say when, how grave and what, or of which request: {line}");
    }
}

fn is_gone(log: &str) -> bool {
    NO_LOG.into_iter().any(|answer| log.starts_with(answer))
}

/// Does it say when, how grave and what; and, of a request that was turned away, in which trace and span?
fn is_right(line: &str) -> bool {
    let Ok(object) = serde_json::from_str::<Value>(line) else { return false };
    let has = |member: &str| object[member].is_string();
    let is_of_request = object["event.name"].as_str().is_some_and(|name| name.starts_with("access."));
    ["timestamp", "level", "message"].into_iter().all(has) && (!is_of_request || ["trace_id", "span_id"].into_iter().all(has))
}

#[test]
fn a_line_that_is_no_object_or_lacks_its_trace_is_noticed() {
    let words = r#""timestamp":"2026-11-29T02:00:00Z","level":"INFO","message":"refused an access token""#;
    assert!(is_right(&format!("{{{words}}}")));
    assert!(is_right(&format!(r#"{{{words},"event.name":"access.refused","trace_id":"4b","span_id":"00"}}"#)));
    assert!(!is_right(&format!(r#"{{{words},"event.name":"access.refused"}}"#)));
    assert!(["operator: no cluster", "7", r#"{"level":"INFO"}"#, ""].into_iter().all(|line| !is_right(line)));
}

#[test]
fn a_log_that_the_kubelet_no_longer_has_is_not_taken_for_a_line() {
    let symlinks = r#"failed to try resolving symlinks in path "/var/log/pods/a/auth/0.log": lstat: no such file or directory"#;
    are_objects("a pod that ends", "auth", "{\"timestamp\":\"2026-");
    for answer in [symlinks, "unable to retrieve container logs for containerd://7a", r#"failed to open log file "/var/log/0.log": gone"#] {
        are_objects("a pod that ends", "auth", answer);
    }
}
