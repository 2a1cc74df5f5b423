//! What holds for the objects of every mode.

use std::collections::BTreeSet;

use kube::ResourceExt;
use operator::crd::{ExternalObjectStoreSpec, SocialPlatform};
use operator::example::{cloud_native_pg, full, minimal};
use operator::quantity::canonical;
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use operator::resources::{Prepared, Resources};
use serde_json::{Value, json};

use super::{Fixed, asked_for_a_backup, cluster, narrowed, objects, prepared, secret, variants, with};

/// Calls `visit` with the path and the value of everything in `value`.
fn walk(path: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(&format!("{path}.{name}"), value, visit)),
        Value::Array(items) => items.iter().for_each(|value| walk(&format!("{path}[]"), value, visit)),
        _ => {}
    }
}

fn each_object(mut check: impl FnMut(&str, &Value)) {
    let modes = variants().into_iter().map(|(variant, resource)| (variant, prepared(resource)));
    let backup = build(&validate(&asked_for_a_backup()).unwrap(), &Fixed(1));
    for (variant, resources) in modes.chain([("backup", backup)]) {
        for object in objects(resources) {
            let title = format!("{variant}: {} {}", object["kind"], object["metadata"]["name"]);
            check(&title, &object);
        }
    }
}

#[test]
fn nothing_is_written_that_the_api_server_would_store_differently() {
    each_object(|title, object| {
        let is_policy = object["kind"] == "NetworkPolicy";
        walk("", object, &mut |path, value| {
            let is_left_out = match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                // Except for what a policy lets through: nothing, whoever says otherwise.
                Value::Array(items) => items.is_empty() && !(is_policy && [".spec.ingress", ".spec.egress"].contains(&path)),
                _ => false,
            };
            assert!(!is_left_out, "{title}: {path} is empty, and would be left out");
            let is_quantity = [".requests.", ".limits."].iter().any(|list| path.contains(list));
            if let (true, Some(text)) = (is_quantity, value.as_str()) {
                assert_eq!(canonical(text).as_deref(), Some(text), "{title}: {path}");
            }
        });
    });
}

#[test]
fn every_pod_passes_pod_security_restricted() {
    each_object(|title, object| {
        let template = &object["spec"]["template"];
        if template.is_null() {
            return;
        }
        let pod = &template["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{title}");
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{title}");
        assert_ne!(pod["securityContext"]["runAsUser"], 0, "{title}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{title}");
        let first = pod["initContainers"].as_array().into_iter().flatten();
        for container in first.chain(pod["containers"].as_array().unwrap()) {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{title}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{title}");
            assert_eq!(security["capabilities"]["drop"][0], "ALL", "{title}");
            for list in ["requests", "limits"] {
                assert!(container["resources"][list]["cpu"].is_string(), "{title}: {list}");
                assert!(container["resources"][list]["memory"].is_string(), "{title}: {list}");
            }
        }
        for volume in pod["volumes"].as_array().into_iter().flatten() {
            let kinds = ["configMap", "emptyDir", "persistentVolumeClaim", "secret"];
            assert!(kinds.iter().any(|kind| volume.get(kind).is_some()), "{title}: {volume}");
        }
    });
}

#[test]
fn every_object_has_a_short_name_its_labels_and_an_owner_unless_it_is_retained() {
    each_object(|title, object| {
        let metadata = &object["metadata"];
        assert!(metadata["name"].as_str().unwrap().len() <= 63, "{title}");
        assert_eq!(metadata["labels"]["app.kubernetes.io/instance"], "demo", "{title}");
        assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], "socialplatform-operator", "{title}");
        let name = metadata["name"].as_str().unwrap();
        let is_retained_secret = ["-database", "-key-encryption", "-rotation"].iter().any(|end| name.ends_with(end));
        let is_data =
            object["kind"] == "PersistentVolumeClaim" || object["kind"] == "Cluster" || (object["kind"] == "Secret" && is_retained_secret);
        let is_retained = is_data && !title.starts_with("delete_everything");
        assert_eq!(metadata["ownerReferences"].is_array(), !is_retained, "{title}");
    });
}

/// The component that a peer or a policy selects; `*` is anyone.
fn component(selected: &Value) -> String {
    selected["podSelector"]["matchLabels"]["app.kubernetes.io/component"].as_str().unwrap_or("*").to_owned()
}

/// The peers and ports that a policy opens in one direction.
fn opened(policy: &Value, direction: &str, peers: &str) -> Vec<(String, u64)> {
    let mut opened = Vec::new();
    for rule in policy["spec"][direction].as_array().into_iter().flatten() {
        let named: Vec<_> = rule[peers].as_array().into_iter().flatten().map(component).collect();
        // A rule without peers is about all of them.
        let peers = if named.is_empty() { vec!["*".to_owned()] } else { named };
        for port in rule["ports"].as_array().unwrap() {
            let port = port["port"].as_u64().unwrap();
            opened.extend(peers.iter().map(|peer| (peer.clone(), port)));
        }
    }
    opened
}

/// Who may call whom: `social → photo:9090`. A call has to be let out, and to be let in.
fn edges(resource: SocialPlatform) -> BTreeSet<String> {
    let (mut out, mut into) = (BTreeSet::new(), BTreeSet::new());
    for policy in objects(prepared(resource)).iter().filter(|object| object["kind"] == "NetworkPolicy") {
        let own = component(&policy["spec"]);
        out.extend(opened(policy, "egress", "to").iter().map(|(callee, port)| format!("{own} → {callee}:{port}")));
        into.extend(opened(policy, "ingress", "from").iter().map(|(caller, port)| format!("{caller} → {own}:{port}")));
    }
    out.retain(|edge| !edge.ends_with("*:53"));
    for edge in &out {
        let (_, callee) = edge.split_once(" → ").unwrap();
        let is_let_in = into.contains(edge) || into.contains(&format!("* → {callee}"));
        assert!(callee.starts_with('*') || is_let_in, "{edge} is let out, but not in");
    }
    into.retain(|edge| edge.starts_with('*'));
    out.append(&mut into);
    out
}

fn set(parts: &[&[&str]]) -> BTreeSet<String> {
    parts.concat().into_iter().map(str::to_owned).collect()
}

#[test]
fn the_policies_open_the_edges_of_the_drawing_and_no_other() {
    let within = [
        "social → auth:8080",
        "photo → auth:8080",
        "relation → auth:8080",
        "social → photo:9090",
        "auth → social:9090",
        "auth → photo:9090",
        "auth → relation:9090",
        "* → auth:8080",
        "* → social:8080",
        "* → photo:8080",
        "* → relation:8080",
    ];
    let stores = [
        "auth → postgres:5432",
        "social → postgres:5432",
        "photo → postgres:5432",
        "relation → postgres:5432",
        "migrate → postgres:5432",
        "migrate → s3:9000",
        "photo → s3:9000",
    ];
    assert_eq!(edges(minimal()), set(&[&within, &stores]));

    // The database by its port, the object store by HTTPS, collector and mail server by their own; and Prometheus reads the
    // metrics.
    let outside = [
        "auth → *:5432",
        "social → *:5432",
        "photo → *:5432",
        "relation → *:5432",
        "migrate → *:5432",
        "backup → *:5432",
        "backup → *:443",
        "photo → *:443",
        "migrate → *:443",
        "auth → *:4318",
        "social → *:4318",
        "photo → *:4318",
        "relation → *:4318",
        "migrate → *:4318",
        "backup → *:4318",
        "auth → *:587",
        "* → auth:9090",
        "* → social:9090",
        "* → photo:9090",
        "* → relation:9090",
    ];
    assert_eq!(edges(full()), set(&[&within, &outside]));
}

/// The ports at which a policy lets out to these peers; to anywhere, if null.
fn let_out(policy: &Value, peers: &Value) -> Vec<u64> {
    let rules = policy["spec"]["egress"].as_array().into_iter().flatten().filter(|rule| rule["to"] == *peers);
    let ports = rules.flat_map(|rule| rule["ports"].as_array().unwrap());
    ports.map(|port| port["port"].as_u64().unwrap()).filter(|port| *port != 53).collect()
}

#[test]
fn what_is_outside_is_called_only_where_the_resource_says_that_it_is() {
    let policies = |resource: SocialPlatform| -> Vec<Value> {
        objects(prepared(resource)).into_iter().filter(|object| object["kind"] == "NetworkPolicy").collect()
    };
    let of = |policies: &[Value], name: &str| policies.iter().find(|policy| policy["metadata"]["name"] == name).unwrap().clone();
    let at = |cidr: &str| json!([{ "ipBlock": { "cidr": cidr } }]);
    let collector = json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "observability" } } }]);

    let narrow = policies(with(full(), narrowed));
    assert!(narrow.iter().all(|policy| let_out(policy, &Value::Null).is_empty()), "nothing may be anywhere");
    let (auth, photo, backup) = (of(&narrow, "demo-auth"), of(&narrow, "demo-photo"), of(&narrow, "demo-backup"));
    assert_eq!(let_out(&auth, &at("2001:db8::/64")), [587]);
    assert_eq!((let_out(&photo, &at("10.1.0.0/24")), let_out(&photo, &at("10.2.0.0/24"))), (vec![5432], vec![443]));
    assert_eq!((let_out(&photo, &collector), let_out(&photo, &at("10.3.0.0/24"))), (vec![4318], vec![]));
    assert_eq!(let_out(&backup, &at("10.3.0.0/24")), [443]);
    // The migration tries the store that photo has.
    let migrate = of(&narrow, "demo-migrate");
    assert_eq!((let_out(&migrate, &at("10.1.0.0/24")), let_out(&migrate, &at("10.2.0.0/24"))), (vec![5432], vec![443]));

    // What is not narrowed stays open by its port.
    let some = with(full(), |it| {
        narrowed(it);
        it.spec.mail.as_mut().unwrap().egress_to = None;
    });
    let auth = of(&policies(some), "demo-auth");
    assert_eq!((let_out(&auth, &Value::Null), let_out(&auth, &at("10.1.0.0/24"))), (vec![587], vec![5432]));
}

#[test]
fn services_and_migrations_are_let_out_to_the_instances_of_cloud_native_pg() {
    let objects = objects(prepared(cloud_native_pg()));
    for component in ["migrate", "auth", "social", "photo", "relation"] {
        let name = format!("demo-{component}");
        let policy = objects.iter().find(|it| it["kind"] == "NetworkPolicy" && it["metadata"]["name"] == *name).unwrap();
        let rules = policy["spec"]["egress"].as_array().unwrap();
        let rule = rules.iter().find(|rule| rule["ports"][0]["port"] == 5432).unwrap();
        let peers = serde_json::json!([{ "podSelector": { "matchLabels": { "cnpg.io/cluster": "demo-postgres" } } }]);
        assert_eq!(rule["to"], peers, "{name}");
    }
}

#[test]
fn no_pod_knows_the_version_of_the_operator() {
    let version = env!("CARGO_PKG_VERSION");
    each_object(|title, object| {
        let template = serde_json::to_string(&object["spec"]["template"]).unwrap();
        assert!(!template.contains(version), "{title}");
    });
}

#[test]
fn what_exists_is_kept_and_the_same_platform_gives_the_same_objects() {
    let mut cluster = cluster(minimal());
    let first = build(&validate(&cluster).unwrap(), &Fixed(1));
    assert!(!first.new_secrets.is_empty());
    for secret in &first.new_secrets {
        cluster.generated.insert(secret.name_any(), secret.clone());
    }
    // Another generator: not one value of it may appear.
    let second = build(&validate(&cluster).unwrap(), &Fixed(2));
    assert!(second.new_secrets.is_empty());
    let sorted = |resources| {
        let mut all: Vec<_> = objects(resources).iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(first), sorted(second));
}

#[test]
fn a_changed_password_of_the_owner_makes_another_migration_and_replaces_no_pod() {
    let before = prepared(full());
    let mut cluster = cluster(full());
    let owner = [("host", "demo-pg-rw"), ("port", "5432"), ("dbname", "app"), ("user", "app"), ("password", "other")];
    cluster.referenced.insert("demo-pg-app".to_owned(), secret("demo-pg-app", &owner));
    let after = build(&validate(&cluster).unwrap(), &Fixed(1));
    assert_ne!(before.migration.name_any(), after.migration.name_any());
    // The services have passwords of their own.
    let templates = |resources: &Resources<Prepared>| -> Vec<_> {
        resources.deployments.iter().map(|it| it.spec.as_ref().unwrap().template.clone()).collect()
    };
    assert_eq!(templates(&before), templates(&after));
}

/// The Deployments that are others.
fn changed(before: &Resources<Prepared>, after: &Resources<Prepared>) -> Vec<String> {
    let pairs = before.deployments.iter().zip(&after.deployments);
    pairs.filter(|(before, after)| before != after).map(|(before, _)| before.name_any()).collect()
}

#[test]
fn a_changed_credential_of_the_object_store_is_tried_and_replaces_the_photo_pods_only() {
    let before = prepared(full());
    let mut cluster = cluster(full());
    let store = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "other")];
    cluster.referenced.insert("demo-s3".to_owned(), secret("demo-s3", &store));
    let after = build(&validate(&cluster).unwrap(), &Fixed(1));
    assert_eq!(changed(&before, &after), ["demo-photo"]);
    assert_ne!(before.migration.name_any(), after.migration.name_any());
}

#[test]
fn another_object_store_is_tried_before_photo_has_it() {
    let before = prepared(full());
    let edits: [fn(&mut ExternalObjectStoreSpec); 4] = [
        |it| it.endpoint = "https://s3.example.org".to_owned(),
        |it| it.endpoint.push_str(":444"),
        |it| it.bucket = "other-photos".to_owned(),
        |it| it.region = "eu-west-1".to_owned(),
    ];
    for edit in edits {
        let after = prepared(with(full(), |it| edit(it.spec.object_store.external.as_mut().unwrap())));
        assert_eq!(changed(&before, &after), ["demo-photo"]);
        assert_ne!(before.migration.name_any(), after.migration.name_any());
    }
    // Where browsers find it, no pod can try.
    let after = prepared(with(full(), |it| it.spec.object_store.external.as_mut().unwrap().public_endpoint = None));
    assert_eq!(changed(&before, &after), ["demo-photo"]);
    assert_eq!(before.migration.name_any(), after.migration.name_any());
}

#[test]
fn only_those_who_may_call_the_public_port_are_let_in() {
    let objects = objects(prepared(full()));
    let policy = objects.iter().find(|it| it["kind"] == "NetworkPolicy" && it["metadata"]["name"] == "demo-relation").unwrap();
    let from = |port: u64| {
        let rules = policy["spec"]["ingress"].as_array().unwrap();
        rules.iter().find(|rule| rule["ports"][0]["port"] == port).unwrap()["from"].clone()
    };
    let namespace = |name: &str| serde_json::json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } }]);
    assert_eq!(from(8080), namespace("gateways"));
    // Auth gathers what somebody exports; the others have nothing to ask relation for.
    let labels = |component: &str| {
        serde_json::json!({
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/instance": "demo",
            "app.kubernetes.io/name": "social-platform",
        })
    };
    let auth = serde_json::json!({ "podSelector": { "matchLabels": labels("auth") } });
    assert_eq!(from(9090), serde_json::json!([auth, namespace("monitoring")[0]]));
}

#[test]
fn nothing_takes_more_than_one_pod_of_a_service_at_a_time() {
    each_object(|title, object| {
        if object["kind"] != "Deployment" {
            return;
        }
        let strategy = &object["spec"]["strategy"];
        let has_volume = strategy["type"] == "Recreate";
        assert!(has_volume || strategy["rollingUpdate"]["maxUnavailable"] == 0, "{title}: {strategy}");
    });
    for object in objects(prepared(full())).iter().filter(|object| object["kind"] == "PodDisruptionBudget") {
        assert_eq!(object["spec"]["maxUnavailable"], 1);
    }
}

#[test]
fn a_pod_has_the_time_to_end_what_is_in_flight() {
    each_object(|title, object| {
        let pod = &object["spec"]["template"]["spec"];
        let variables = pod["containers"][0]["env"].as_array().into_iter().flatten();
        let seconds = |name: &str| {
            let variable = variables.clone().find(|it| it["name"] == name)?;
            variable["value"].as_str().unwrap().parse::<i64>().ok()
        };
        let (Some(drain), Some(finish)) = (seconds("DRAIN_SECONDS"), seconds("FINISH_SECONDS")) else { return };
        assert!(pod["terminationGracePeriodSeconds"].as_i64().unwrap() >= drain + finish + 15, "{title}");
        // What a request may take, and an upload.
        let longest = if object["metadata"]["name"] == "demo-photo" { 300 } else { 30 };
        assert!(finish > longest, "{title}: {finish}");
    });
}

#[test]
fn a_budget_is_there_where_two_pods_or_more_always_run() {
    let budgets = |resource: SocialPlatform| -> Vec<String> {
        let all = objects(prepared(resource));
        let budgets = all.iter().filter(|object| object["kind"] == "PodDisruptionBudget");
        budgets.map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(budgets(minimal()), [""; 0]);
    assert_eq!(budgets(full()).len(), 4);
    let of = |name: &str| budgets(variants().into_iter().find(|(variant, _)| *variant == name).unwrap().1);
    // Two at least for social; one at least for the others, whose nodes could otherwise never be drained.
    assert_eq!(of("autoscaled"), ["demo-social"]);
    assert_eq!(of("hibernated"), [""; 0]);
}

#[test]
fn a_deployment_says_nothing_about_its_size_where_an_autoscaler_does() {
    each_object(|title, object| {
        if object["kind"] == "Deployment" {
            let is_scaled = object["metadata"]["annotations"]["socialplatform.dev/scaled-by"] == "autoscaler";
            assert_eq!(object["spec"].get("replicas").is_none(), is_scaled, "{title}");
        }
    });
}

#[test]
fn a_change_of_size_replaces_no_pod() {
    let templates = |replicas: i32| -> Vec<_> {
        let mut resource = minimal();
        let auth = operator::crd::ComponentSpec { replicas: Some(replicas), ..Default::default() };
        resource.spec.components = Some(operator::crd::ComponentsSpec { auth: Some(auth), ..Default::default() });
        prepared(resource).deployments.into_iter().map(|it| it.spec.unwrap().template).collect()
    };
    assert_eq!(templates(1), templates(5));
}
