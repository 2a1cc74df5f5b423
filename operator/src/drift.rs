//! Does an object have to be written?
//!
//! A steady reconcile writes nothing, so each object carries a hash of what was last applied, and is applied again only
//! if the wish has changed (another hash) or the cluster has (the wish is no longer part of what is there). What others
//! add to an object, such as defaults, labels and status, is theirs.

use serde::Serialize;
use serde_json::Value;
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

/// Is everything that `desired` says true of `live`?
pub fn is_part_of(desired: &Value, live: &Value) -> bool {
    is_field_part_of("", desired, live)
}

fn is_field_part_of(field: &str, desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            desired.iter().all(|(name, value)| live.get(name).is_some_and(|there| is_field_part_of(name, value, there)))
        }
        (Value::Array(desired), Value::Array(live)) => are_elements_part_of(field, desired, live),
        _ => desired == live,
    }
}

/// Where `desired` says something else than `live`: the path, what is there, and what should be.
pub fn differences(desired: &Value, live: &Value) -> Vec<(String, Option<Value>, Value)> {
    let mut found = Vec::new();
    differ(String::new(), "", desired, Some(live), &mut found);
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
                let there = live.iter().find(|there| there.get(key) == element.get(key));
                differ(format!("{path}[{}]", element[key]), field, element, there, found);
            }
        }
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
            live.iter().find(|there| there.get(key) == element.get(key)).is_some_and(|there| is_field_part_of(field, element, there))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_and_what_others_added_are_no_drift() {
        let desired = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"replicas": 1}});
        let live = json!({
            "metadata": {"labels": {"a": "1", "team": "x"}, "uid": "7"},
            "spec": {"replicas": 1, "revisionHistoryLimit": 10},
            "status": {"replicas": 1},
        });
        assert!(is_part_of(&desired, &live));
    }

    #[test]
    fn a_changed_or_missing_value_is_drift() {
        let desired = json!({"spec": {"replicas": 2, "paused": false}});
        assert!(!is_part_of(&desired, &json!({"spec": {"replicas": 3, "paused": false}})));
        assert!(!is_part_of(&desired, &json!({"spec": {"replicas": 2}})));
        assert!(!is_part_of(&desired, &json!({"spec": [2]})));
    }

    #[test]
    fn a_container_that_someone_added_stays_but_ours_is_compared_by_name() {
        let desired = json!({"containers": [{"name": "auth", "image": "a:1"}]});
        let with_sidecar = json!({"containers": [{"name": "proxy"}, {"name": "auth", "image": "a:1", "tty": false}]});
        let changed = json!({"containers": [{"name": "auth", "image": "a:2"}]});
        assert!(is_part_of(&desired, &with_sidecar));
        assert!(!is_part_of(&desired, &changed));
        assert!(!is_part_of(&desired, &json!({"containers": [{"name": "proxy"}]})));
    }

    #[test]
    fn variables_and_ports_are_compared_by_their_keys() {
        let desired = json!({
            "env": [{"name": "A", "value": "1"}],
            "ports": [{"containerPort": 8080, "name": "public"}],
        });
        let live = json!({
            "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "ports": [{"containerPort": 9999}, {"containerPort": 8080, "name": "public", "protocol": "TCP"}],
        });
        assert!(is_part_of(&desired, &live));
        let service = json!({"ports": [{"name": "public", "port": 8080}]});
        assert!(is_part_of(&service, &json!({"ports": [{"name": "public", "port": 8080, "nodePort": 0}]})));
        assert!(!is_part_of(&service, &json!({"ports": [{"name": "public", "port": 8081}]})));
    }

    #[test]
    fn a_rule_that_someone_added_to_a_network_policy_is_drift() {
        let desired = json!({"ingress": [{"ports": [{"port": 8080, "protocol": "TCP"}]}]});
        let opened = json!({"ingress": [{"ports": [{"port": 8080, "protocol": "TCP"}]}, {}]});
        let port_added = json!({"ingress": [{"ports": [{"port": 8080, "protocol": "TCP"}, {"port": 1}]}]});
        assert!(is_part_of(&desired, &desired));
        assert!(!is_part_of(&desired, &opened));
        assert!(!is_part_of(&desired, &port_added));
    }

    #[test]
    fn lists_of_plain_values_are_compared_in_order() {
        let desired = json!({"command": ["a", "b"]});
        assert!(!is_part_of(&desired, &json!({"command": ["b", "a"]})));
        assert!(!is_part_of(&desired, &json!({"command": ["a", "b", "c"]})));
        assert!(!is_part_of(&json!({"command": []}), &json!({"command": ["a"]})));
    }

    #[test]
    fn another_wish_has_another_hash_and_is_applied() {
        let live = json!({"spec": {"replicas": 1}});
        let wish = json!({"spec": {"replicas": 1}});
        assert!(!has_drifted(&wish, &hash(&wish), &live, Some(&hash(&wish))));
        assert!(has_drifted(&wish, &hash(&wish), &live, Some("0000000000000000")));
        assert!(has_drifted(&wish, &hash(&wish), &live, None));
    }

    #[test]
    fn differences_are_named_by_their_paths() {
        let desired = json!({ "spec": { "replicas": 2, "containers": [{ "name": "auth", "image": "a:2", "tty": true }], "args": ["x"] } });
        let live =
            json!({ "spec": { "replicas": 2, "containers": [{ "name": "proxy" }, { "name": "auth", "image": "a:1" }], "args": [] } });
        let mut paths: Vec<_> = differences(&desired, &live).into_iter().map(|(path, ..)| path).collect();
        paths.sort();
        assert_eq!(paths, [".spec.args", ".spec.containers[\"auth\"].image", ".spec.containers[\"auth\"].tty"]);
        assert!(differences(&desired, &desired).is_empty());
    }

    #[test]
    fn a_hash_tells_apart_where_one_part_ends() {
        let one = hash_parts([("a", b"bc".as_slice())]);
        let other = hash_parts([("ab", b"c".as_slice())]);
        assert_ne!(one, other);
        assert_eq!(one.len(), 16);
    }
}
