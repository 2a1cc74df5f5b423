//! What Flux and others that know nothing of a kind make of its status: the rules of kstatus, `pkg/kstatus/status` of
//! sigs.k8s.io/cli-utils, for kinds that are not Kubernetes' own.

use serde::Serialize;
use serde_json::Value;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kstatus {
    /// It is about to go.
    Terminating,
    /// It is worth waiting for.
    InProgress,
    /// It is not.
    Failed,
    /// It is as its spec says.
    Current,
}

/// The rules, in their order.
pub(crate) fn kstatus(resource: &impl Serialize) -> Kstatus {
    let object = serde_json::to_value(resource).unwrap();
    let (metadata, status) = (&object["metadata"], &object["status"]);
    let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let truth = |type_: &str| conditions.iter().find(|condition| condition["type"] == type_).map(|condition| &condition["status"]);
    let observed = &status["observedGeneration"];
    if !metadata["deletionTimestamp"].is_null() {
        return Kstatus::Terminating;
    }
    if !observed.is_null() && *observed != metadata["generation"] {
        return Kstatus::InProgress;
    }
    if truth("Reconciling").is_some_and(|truth| truth == "True") {
        return Kstatus::InProgress;
    }
    if truth("Stalled").is_some_and(|truth| truth == "True") {
        return Kstatus::Failed;
    }
    match truth("Ready").and_then(Value::as_str) {
        Some("False" | "Unknown") => Kstatus::InProgress,
        _ => Kstatus::Current,
    }
}
