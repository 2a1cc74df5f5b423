//! Does an object have to be written?
//!
//! A steady reconcile writes nothing, so each object carries a hash of what was last applied, and is applied again only
//! if the wish has changed (another hash) or the cluster has (the wish is no longer part of what is there). What others
//! add to an object, such as defaults, labels and status, is theirs; but nobody adds to what a NetworkPolicy lets through, to
//! where an HTTPRoute leads, to which pods a Service or a PodDisruptionBudget is about, to what a ServiceMonitor selects, or to what the
//! roles of a database may do.

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

/// Is everything that `desired` says true of `live`? And nothing else, where nobody adds anything.
pub fn is_part_of(desired: &Value, live: &Value) -> bool {
    is_field_part_of("", desired, live) && !is_opened(desired, live)
}

/// What of an object nobody adds to, if any. Its lists and selectors have one owner. The API server sets no defaults in it beside
/// those that the operator writes; where the operator's own type lacks a field, it is not looked at.
fn closed(object: &Value) -> Option<&'static str> {
    match object["kind"].as_str()? {
        "NetworkPolicy" | "HTTPRoute" | "ServiceMonitor" => Some("/spec"),
        "Service" | "PodDisruptionBudget" => Some("/spec/selector"),
        // Of CloudNativePG.
        "Cluster" => Some("/spec/managed"),
        _ => None,
    }
}

/// Has somebody added to what nobody adds to?
fn is_opened(desired: &Value, live: &Value) -> bool {
    let at = |object: &Value, path: &str| object.pointer(path).cloned().unwrap_or_default();
    closed(desired).is_some_and(|path| !is_same(&at(desired, path), &at(live, path)))
}

/// Are two values the same to the API server?
pub fn is_same(one: &Value, other: &Value) -> bool {
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
    if found.is_empty()
        && is_opened(desired, live)
        && let Some(path) = closed(desired)
    {
        let wanted = desired.pointer(path).cloned().unwrap_or_default();
        found.push((path.replace('/', "."), live.pointer(path).cloned(), wanted));
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
                let keys = merge_keys(field, element).unwrap_or_default();
                let there = live.iter().find(|there| are_of_keys(keys, element, there));
                let name: Vec<_> = keys.iter().filter_map(|key| element.get(key)).map(Value::to_string).collect();
                differ(format!("{path}[{}]", name.join(",")), field, element, there, found);
            }
        }
        (_, None) if is_left_out(desired) => {}
        _ if live.is_some_and(|live| is_field_part_of(field, desired, live)) => {}
        _ => found.push((path, live.cloned(), desired.clone())),
    }
}

fn has_keys(field: &str, elements: &[Value]) -> bool {
    !elements.is_empty() && elements.iter().all(|element| merge_keys(field, element).is_some())
}

/// Server-side apply merges some lists by keys: their other elements belong to others, and stay. All other lists have
/// one owner, and one element more is a change.
fn are_elements_part_of(field: &str, desired: &[Value], live: &[Value]) -> bool {
    let keys: Option<Vec<_>> = desired.iter().map(|element| merge_keys(field, element)).collect();
    match keys {
        Some(keys) if !keys.is_empty() => desired.iter().zip(keys).all(|(element, keys)| {
            live.iter().find(|there| are_of_keys(keys, element, there)).is_some_and(|there| is_field_part_of(field, element, there))
        }),
        _ => desired.len() == live.len() && desired.iter().zip(live).all(|(element, there)| is_field_part_of(field, element, there)),
    }
}

/// The `x-kubernetes-list-map-keys` of the lists that the operator writes.
fn merge_keys(field: &str, element: &Value) -> Option<&'static [&'static str]> {
    let keys: &[_] = match field {
        // Groups of a PrometheusRule.
        "containers" | "env" | "groups" | "imagePullSecrets" | "volumes" => &["name"],
        "volumeMounts" => &["mountPath"],
        "ownerReferences" => &["uid"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        // Ports of a container, which may leave out the protocol, and of a Service. Those of a NetworkPolicy have one owner.
        "ports" if element.get("containerPort").is_some() => return Some(&["containerPort", "protocol"]),
        "ports" => &["name"],
        _ => return None,
    };
    keys.iter().all(|key| element.get(key).is_some()).then_some(keys)
}

/// Do two elements have the same keys?
fn are_of_keys(keys: &[&str], one: &Value, other: &Value) -> bool {
    let is_same = |key: &str| one.get(key) == other.get(key) || (key == "protocol" && protocol(one) == protocol(other));
    keys.iter().all(|key| is_same(key))
}

fn protocol(port: &Value) -> &str {
    port.get("protocol").and_then(Value::as_str).unwrap_or("TCP")
}

#[cfg(test)]
mod tests;
