use proptest::prelude::*;
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
fn constraints_and_groups_that_someone_added_stay() {
    let zone = json!({"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1});
    let strict = json!({"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1});
    let desired = json!({"topologySpreadConstraints": [zone], "groups": [{"name": "ours", "rules": [{"alert": "A"}]}]});
    let ours = json!({"name": "ours", "rules": [{"alert": "A"}]});
    let live = json!({"topologySpreadConstraints": [strict, zone], "groups": [{"name": "theirs"}, ours]});
    assert!(is_part_of(&desired, &live));
    assert!(!is_part_of(&desired, &json!({"topologySpreadConstraints": [strict], "groups": [ours]})));
    let another_rule = json!({"name": "ours", "rules": [{"alert": "A"}, {"alert": "B"}]});
    assert!(!is_part_of(&desired, &json!({"topologySpreadConstraints": [zone], "groups": [another_rule]})));
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

proptest! {
    /// In whatever order they are given back, with the default of the API server, and beside those that others added.
    #[test]
    fn ports_are_found_again_by_number_and_protocol(
        ports in proptest::collection::btree_map((1..5_u16, any::<bool>()), "[a-c]", 1..6),
        changed in any::<prop::sample::Index>(),
    ) {
        let port = |(&(number, is_udp), name): (&(u16, bool), &String)| match is_udp {
            true => json!({"containerPort": number, "name": name, "protocol": "UDP"}),
            false => json!({"containerPort": number, "name": name}),
        };
        let desired: Vec<Value> = ports.iter().map(port).collect();
        let mut live = desired.clone();
        live.iter_mut().for_each(|port| port["protocol"] = json!(protocol(port)));
        live.push(json!({"containerPort": 9, "protocol": "SCTP"}));
        live.reverse();
        let is_part = |live: &[Value]| is_part_of(&json!({"ports": desired}), &json!({"ports": live}));
        prop_assert!(is_part(&live));
        // The last is the one that others added.
        let index = 1 + changed.index(live.len() - 1);
        live[index]["name"] = json!("another");
        prop_assert!(!is_part(&live));
    }
}

#[test]
fn a_network_policy_lets_nothing_else_through() {
    let rule = json!({"from": [{"podSelector": {"matchLabels": {"a": "1"}}}], "ports": [{"port": 8080, "protocol": "TCP"}]});
    let policy = |spec: Value| json!({"kind": "NetworkPolicy", "metadata": {"name": "demo"}, "spec": spec});
    let desired = policy(json!({"ingress": [rule], "egress": [], "podSelector": {}}));
    let stored = policy(json!({"ingress": [rule], "podSelector": {}}));
    assert!(is_part_of(&desired, &stored) && differences(&desired, &stored).is_empty());
    let labeled = json!({"kind": "NetworkPolicy", "metadata": {"name": "demo", "labels": {"team": "x"}}, "spec": stored["spec"]});
    assert!(is_part_of(&desired, &labeled));

    let mut ports = rule.clone();
    ports["ports"][0]["endPort"] = json!(9090);
    let mut namespaces = rule.clone();
    namespaces["from"][0]["namespaceSelector"] = json!({});
    for opened in [
        json!({"ingress": [rule], "egress": [{}], "podSelector": {}}),
        json!({"ingress": [ports], "podSelector": {}}),
        json!({"ingress": [namespaces], "podSelector": {}}),
        json!({"ingress": [rule], "podSelector": {"matchLabels": {"only": "this"}}}),
    ] {
        let opened = policy(opened);
        assert!(!is_part_of(&desired, &opened), "{opened}");
        assert!(!differences(&desired, &opened).is_empty(), "{opened}");
    }
}

#[test]
fn what_is_added_where_nobody_adds_anything_is_named_by_its_place() {
    for (kind, place) in [("HTTPRoute", "/spec"), ("ServiceMonitor", "/spec"), ("Cluster", "/spec/managed")] {
        let desired = json!({"kind": kind, "spec": {"managed": {"of": [{"name": "a"}]}, "of": [{"name": "a"}]}});
        let with = |added: Value| {
            let mut live = desired.clone();
            live.pointer_mut(place).unwrap()["of"][0]["added"] = added;
            live
        };
        assert!(is_part_of(&desired, &with(json!([]))), "{kind}: an empty list is none");
        assert!(!is_part_of(&desired, &with(json!([{}]))), "{kind}");
        let found = differences(&desired, &with(json!([{}])));
        assert_eq!(found.into_iter().map(|(path, ..)| path).collect::<Vec<_>>(), [place.replace('/', ".")]);
    }
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
    let live = json!({ "spec": { "replicas": 2, "containers": [{ "name": "proxy" }, { "name": "auth", "image": "a:1" }], "args": [] } });
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
