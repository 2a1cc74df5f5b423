//! What the objects of a platform let people see of it: its own dashboards and alerts, and where its programs send their
//! telemetry.

use std::collections::BTreeSet;

use kube::ResourceExt;
use operator::crd::ObservabilitySpec;
use operator::example::{full, minimal};
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use operator::resources::{Prepared, Resources};
use serde_json::{Value, json};

use super::{Fixed, asked_for_a_backup, objects, platform, prepared, with};

#[test]
fn dashboards_and_alerts_are_of_their_own_platform() {
    let resources = prepared(full());
    let rules = serde_json::to_string(&resources.prometheus_rules[0]).unwrap();
    assert!(rules.contains(r#"service_namespace=\"demo\""#) && rules.contains(r#"socialplatform_name=\"demo\""#));
    assert!(!rules.contains(r#"=~\".+\""#), "a rule means every platform");
    assert_eq!(resources.prometheus_rules[0].labels()["release"], "kube-prometheus-stack");

    let dashboards: Vec<_> = resources.config_maps.iter().filter(|it| it.labels().contains_key("grafana_dashboard")).collect();
    assert_eq!(dashboards.len(), 9);
    let (mut files, mut uids) = (BTreeSet::new(), BTreeSet::new());
    for config_map in dashboards {
        for (file, json) in config_map.data.as_ref().unwrap() {
            let dashboard: Value = serde_json::from_str(json).unwrap();
            assert!(files.insert(file.clone()), "{file} is there twice");
            assert!(dashboard["title"].as_str().unwrap().starts_with("Social platform demo / "), "{file}");
            // Grafana takes at most 40 characters.
            let uid = dashboard["uid"].as_str().unwrap();
            assert!(!uid.starts_with("socialplatform-") && uid.len() <= 40, "{uid}");
            uids.insert(uid.to_owned());
            // Nothing is left to choose that would show another platform, in this dashboard or in those that it lists.
            for variable in dashboard["templating"]["list"].as_array().unwrap() {
                let value = match variable["name"].as_str().unwrap() {
                    "platform" | "resource" => "demo",
                    "namespace" => "social",
                    "datasource" | "traces" | "service" => continue,
                    other => panic!("{file}: may {other} be chosen?"),
                };
                assert_eq!((&variable["type"], &variable["query"]), (&"constant".into(), &value.into()), "{file}");
                assert_eq!(variable["current"]["value"], value, "{file}");
            }
            assert_eq!(dashboard["links"][0]["tags"], json!(["social/demo"]), "{file}");
            assert!(dashboard["tags"].as_array().unwrap().contains(&"social/demo".into()), "{file}");
        }
    }
    // And an alert leads there, and to its page.
    let groups = resources.prometheus_rules[0].spec.groups.iter();
    for alert in groups.flat_map(|group| group["rules"].as_array().unwrap()).filter(|rule| rule["alert"].is_string()) {
        let page = format!("https://git.example.org/social-platform/docs/runbooks/{}.md", alert["alert"].as_str().unwrap());
        assert_eq!(alert["annotations"]["runbook_url"], page);
        assert!(uids.contains(alert["annotations"]["dashboard"].as_str().unwrap()), "{alert}");
    }
}

#[test]
fn every_program_sends_its_share_of_traces_to_the_collector() {
    let pods = |resources: Resources<Prepared>| -> Vec<Value> {
        let objects = objects(resources).into_iter();
        objects.filter(|it| it["kind"] == "Deployment" || it["kind"] == "Job").collect()
    };
    let variable = |object: &Value, name: &str| -> Option<Value> {
        let mut variables = object["spec"]["template"]["spec"]["containers"][0]["env"].as_array().into_iter().flatten();
        variables.find(|it| it["name"] == name).map(|it| it["value"].clone())
    };
    // The services, the migration and a backup; the store of Development has the same, where there is a collector.
    let all = pods(build(&validate(&asked_for_a_backup()).unwrap(), &Fixed(1)));
    assert_eq!(all.len(), 6);
    let mut developed = full();
    developed.spec.object_store = minimal().spec.object_store;
    let mut store = pods(prepared(developed));
    store.retain(|it| it["metadata"]["name"] == "demo-s3");
    assert_eq!(store.len(), 1);
    for object in all.into_iter().chain(store) {
        let name = &object["metadata"]["name"];
        let collector = variable(&object, "OTEL_EXPORTER_OTLP_ENDPOINT");
        assert_eq!(collector, Some("http://otel-collector.observability:4318".into()), "{name}");
        assert_eq!(variable(&object, "OTEL_TRACES_SAMPLER_ARG"), Some("0.1".into()), "{name}");
        assert_eq!(variable(&object, "TRACES_PER_SECOND"), Some("100".into()), "{name}");
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(variable(&object, "OTEL_SERVICE_NAME").as_ref(), Some(&container["name"]), "{name}");
    }
    for object in pods(prepared(minimal())) {
        assert_eq!(variable(&object, "OTEL_EXPORTER_OTLP_ENDPOINT"), None, "{}", object["metadata"]["name"]);
        assert_eq!(variable(&object, "OTEL_TRACES_SAMPLER_ARG"), None, "{}", object["metadata"]["name"]);
    }
}

#[test]
fn platforms_of_one_name_in_two_namespaces_are_two_to_prometheus() {
    for namespace in ["social", "staging"] {
        let mut platform = platform(full());
        platform.namespace = namespace.to_owned();
        let resources = build(&platform, &Fixed(1));
        let rules = serde_json::to_string(&resources.prometheus_rules[0]).unwrap();
        let own = format!(r#"service_namespace=\"demo\",k8s_namespace_name=\"{namespace}\""#);
        // Neither label ever stands without the other.
        let matchers = |label: &str| rules.matches(&format!(r#"{label}=\""#)).count();
        let both = rules.matches(&own).count();
        assert!(both > 50, "{both}");
        assert_eq!((matchers("service_namespace"), matchers("k8s_namespace_name")), (both, both), "{namespace}");
        // What the services say of themselves is what the rules ask for.
        for deployment in &resources.deployments {
            let template = serde_json::to_string(deployment).unwrap();
            let says = template.contains(&format!("service.namespace=demo,service.version=1.2.3,k8s.namespace.name={namespace},"));
            assert!(says, "{}", deployment.name_any());
        }
    }
}

#[test]
fn every_program_of_ours_writes_the_log_lines_that_the_resource_asks_for() {
    let of = |log: Option<&str>| {
        let observability = ObservabilitySpec { log: log.map(str::to_owned), ..ObservabilitySpec::default() };
        let all = objects(prepared(with(minimal(), |it| it.spec.observability = Some(observability))));
        let containers: Vec<_> = all.iter().filter_map(|object| object.pointer("/spec/template/spec/containers/0").cloned()).collect();
        let ours = containers.into_iter().filter(|container| container["name"] != "postgres");
        let filter = |container: Value| {
            let variables = container["env"].as_array().cloned().unwrap_or_default();
            variables.into_iter().find(|variable| variable["name"] == "RUST_LOG").map(|variable| variable["value"].clone())
        };
        ours.map(filter).collect::<Vec<_>>()
    };
    // The services, the store and the migrations.
    assert_eq!(of(Some("info,photo=debug")), vec![Some(json!("info,photo=debug")); 6]);
    assert_eq!(of(None), vec![None; 6]);
}
