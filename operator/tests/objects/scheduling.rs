//! Where pods may run, whatever makes them.

use operator::crd::{MigrationsSpec, SchedulingSpec, SocialPlatform, TaintEffect, TolerationOperator, TolerationSpec};
use operator::example::{cloud_native_pg, full, minimal, restored};
use serde_json::{Value, json};

use super::{objects, prepared, with};

fn scheduled(resource: SocialPlatform) -> Vec<Value> {
    let toleration = TolerationSpec {
        key: Some("dedicated".to_owned()),
        operator: Some(TolerationOperator::Exists),
        effect: Some(TaintEffect::NoSchedule),
        ..TolerationSpec::default()
    };
    let scheduling = SchedulingSpec {
        node_selector: Some([("disk".to_owned(), "fast".to_owned())].into()),
        tolerations: Some(vec![toleration]),
        priority_class_name: Some("high".to_owned()),
    };
    objects(prepared(with(resource, |it| {
        it.spec.scheduling = Some(scheduling);
        // Overrides would take its place.
        it.spec.components = None;
    })))
}

/// The Job of the migrations.
fn migration(objects: &[Value]) -> &Value {
    let is_it = |object: &&Value| object["kind"] == "Job" && object["metadata"]["labels"]["app.kubernetes.io/component"] == "migrate";
    objects.iter().find(is_it).unwrap()
}

#[test]
fn every_pod_runs_where_the_resource_says() {
    let tolerations = json!([{ "key": "dedicated", "operator": "Exists", "effect": "NoSchedule" }]);
    let mut kinds = Vec::new();
    for resource in [minimal(), cloud_native_pg(), with(full(), |it| it.spec.bootstrap = restored().spec.bootstrap)] {
        for object in scheduled(resource) {
            let spec = &object["spec"];
            let (pod, places) = match object["kind"].as_str().unwrap() {
                "Deployment" | "Job" => (&spec["template"]["spec"], &spec["template"]["spec"]),
                "Cluster" => (spec, &spec["affinity"]),
                _ => continue,
            };
            let name = &object["metadata"]["name"];
            assert_eq!(pod["priorityClassName"], "high", "{name}");
            assert_eq!(places["nodeSelector"], json!({ "disk": "fast" }), "{name}");
            assert_eq!(places["tolerations"], tolerations, "{name}");
            kinds.push(format!("{} {}", object["kind"], object["metadata"]["labels"]["app.kubernetes.io/component"]));
        }
    }
    for kind in
        [r#""Deployment" "photo""#, r#""Deployment" "postgres""#, r#""Deployment" "s3""#, r#""Job" "migrate""#, r#""Job" "restore""#]
    {
        assert!(kinds.iter().any(|it| it == kind), "{kind}: {kinds:?}");
    }
    assert!(kinds.iter().any(|it| it.starts_with("\"Cluster\"")), "{kinds:?}");
}

#[test]
fn a_migration_whose_pod_found_no_node_gets_another_job() {
    let before = objects(prepared(minimal()));
    let after = scheduled(minimal());
    assert_ne!(migration(&before)["metadata"]["name"], migration(&after)["metadata"]["name"]);
}

#[test]
fn an_attempt_at_the_migrations_takes_as_long_as_the_resource_says() {
    let before = objects(prepared(minimal()));
    let longer = MigrationsSpec { active_deadline_seconds: Some(7200), ..MigrationsSpec::default() };
    let after = objects(prepared(with(minimal(), |it| it.spec.database.migrations = Some(longer))));
    let deadline = |objects: &[Value]| migration(objects)["spec"]["activeDeadlineSeconds"].clone();
    assert_eq!((deadline(&before), deadline(&after)), (json!(1800), json!(7200)));
    // It is no other work.
    assert_eq!(migration(&before)["metadata"]["name"], migration(&after)["metadata"]["name"]);
}
