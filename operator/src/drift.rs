//! Does an object have to be written?
//!
//! A steady reconcile writes nothing, so each object carries a hash of what was last applied, and is applied again only
//! if the wish has changed (another hash) or the cluster has (the wish is no longer part of what is there). What others
//! add to an object, such as defaults, labels and status, is theirs; but nobody adds to what a NetworkPolicy lets through.

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Has `desired` to be applied over `live`? `applied` is the hash that the live object carries.
pub fn has_drifted(desired: &Value, hash: &str, live: &Value, applied: Option<&str>) -> bool {
    applied != Some(hash) || !is_part_of(desired, live)
}

/// A short hash of an object, the same for the same content.
pub fn hash(object: &impl Serialize) -> String {
    let json = serde_json::to_vec(object).expect("objects of Kubernetes are JSON");
    short(&Sha256::digest(json))
}

/// A short hash of names and contents, whatever holds them.
pub fn hash_parts<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sha = Sha256::new();
    for (name, content) in parts {
        // Lengths first: otherwise `ab` + `c` and `a` + `bc` would be the same.
        sha.update((name.len() as u64).to_be_bytes());
        sha.update(name);
        sha.update((content.len() as u64).to_be_bytes());
        sha.update(content);
    }
    short(&sha.finalize())
}

fn short(digest: &[u8]) -> String {
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Is everything that `desired` says true of `live`? And nothing else, of what a NetworkPolicy lets through.
pub fn is_part_of(desired: &Value, live: &Value) -> bool {
    is_field_part_of("", desired, live) && !is_opened(desired, live)
}

/// Is it a NetworkPolicy that lets something else through? Its lists have one owner, and the API server sets no defaults in them.
fn is_opened(desired: &Value, live: &Value) -> bool {
    desired["kind"] == "NetworkPolicy" && !is_same(&desired["spec"], &live["spec"])
}

/// Are two values the same to the API server?
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let field = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
            one.keys().chain(other.keys()).all(|name| is_same(&field(one, name), &field(other, name)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Null, there) | (there, Value::Null) => there.is_null() || is_left_out(there),
        _ => one == other,
    }
}

/// The API server leaves empty lists out. To wish for one is to take away what others put there.
fn is_left_out(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn is_field_part_of(field: &str, desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            let is_there = |name: &str, value: &Value| live.get(name).map(|there| is_field_part_of(name, value, there));
            desired.iter().all(|(name, value)| is_there(name, value).unwrap_or_else(|| is_left_out(value)))
        }
        (Value::Array(desired), Value::Array(live)) => are_elements_part_of(field, desired, live),
        _ => desired == live,
    }
}

/// Where `desired` says something else than `live`: the path, what is there, and what should be.
pub fn differences(desired: &Value, live: &Value) -> Vec<(String, Option<Value>, Value)> {
    let mut found = Vec::new();
    differ(String::new(), "", desired, Some(live), &mut found);
    if found.is_empty() && is_opened(desired, live) {
        found.push((".spec".to_owned(), live.get("spec").cloned(), desired["spec"].clone()));
    }
    found
}

fn differ(path: String, field: &str, desired: &Value, live: Option<&Value>, found: &mut Vec<(String, Option<Value>, Value)>) {
    match (desired, live) {
        (Value::Object(desired), Some(Value::Object(live))) => {
            for (name, value) in desired {
                differ(format!("{path}.{name}"), name, value, live.get(name), found);
            }
        }
        (Value::Array(desired), Some(Value::Array(live))) if has_keys(field, desired) => {
            for element in desired {
                let key = merge_key(field, element).unwrap_or_default();
                let there = live.iter().find(|there| is_of_key(key, element, there));
                differ(format!("{path}[{}]", element[key]), field, element, there, found);
            }
        }
        (_, None) if is_left_out(desired) => {}
        _ if live.is_some_and(|live| is_field_part_of(field, desired, live)) => {}
        _ => found.push((path, live.cloned(), desired.clone())),
    }
}

fn has_keys(field: &str, elements: &[Value]) -> bool {
    !elements.is_empty() && elements.iter().all(|element| merge_key(field, element).is_some())
}

/// Server-side apply merges some lists by a key: their other elements belong to others, and stay. All other lists have
/// one owner, and one element more is a change.
fn are_elements_part_of(field: &str, desired: &[Value], live: &[Value]) -> bool {
    let keys: Option<Vec<_>> = desired.iter().map(|element| merge_key(field, element)).collect();
    match keys {
        Some(keys) if !keys.is_empty() => desired.iter().zip(keys).all(|(element, key)| {
            live.iter().find(|there| is_of_key(key, element, there)).is_some_and(|there| is_field_part_of(field, element, there))
        }),
        _ => desired.len() == live.len() && desired.iter().zip(live).all(|(element, there)| is_field_part_of(field, element, there)),
    }
}

/// The `x-kubernetes-list-map-keys` of the lists that the operator writes.
fn merge_key(field: &str, element: &Value) -> Option<&'static str> {
    let key = match field {
        "containers" | "env" | "imagePullSecrets" | "volumes" => "name",
        "volumeMounts" => "mountPath",
        "ownerReferences" => "uid",
        // Ports of a container, and of a Service. Those of a NetworkPolicy have neither, and one owner.
        "ports" if element.get("containerPort").is_some() => "containerPort",
        "ports" => "name",
        _ => return None,
    };
    element.get(key).map(|_| key)
}

/// Do two elements have the same key? For the ports of a container, the protocol belongs to it.
fn is_of_key(key: &str, one: &Value, other: &Value) -> bool {
    one.get(key) == other.get(key) && (key != "containerPort" || protocol(one) == protocol(other))
}

fn protocol(port: &Value) -> &str {
    port.get("protocol").and_then(Value::as_str).unwrap_or("TCP")
}

#[cfg(test)]
mod tests;
