//! What holds for the objects of every mode.

use kube::ResourceExt;
use operator::example::{full, minimal};
use operator::quantity::canonical;
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use operator::resources::{Prepared, Resources};
use serde_json::Value;

use super::{Fixed, cluster, objects, prepared, secret, variants};

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
    for (variant, resource) in variants() {
        for object in objects(prepared(resource)) {
            let title = format!("{variant}: {} {}", object["kind"], object["metadata"]["name"]);
            check(&title, &object);
        }
    }
}

#[test]
fn nothing_is_written_that_the_api_server_would_store_differently() {
    each_object(|title, object| {
        walk("", object, &mut |path, value| {
            let is_left_out = match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
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
        for container in pod["containers"].as_array().unwrap() {
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
            let kinds = ["emptyDir", "persistentVolumeClaim", "secret"];
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
        let is_data = object["kind"] == "PersistentVolumeClaim"
            || (object["kind"] == "Secret" && (name.ends_with("-database") || name.ends_with("-key-encryption")));
        let is_retained = is_data && !title.starts_with("delete_everything");
        assert_eq!(metadata["ownerReferences"].is_array(), !is_retained, "{title}");
    });
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

#[test]
fn a_changed_credential_of_the_object_store_replaces_the_photo_pods_only() {
    let before = prepared(full());
    let mut cluster = cluster(full());
    let store = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "other")];
    cluster.referenced.insert("demo-s3".to_owned(), secret("demo-s3", &store));
    let after = build(&validate(&cluster).unwrap(), &Fixed(1));
    let changed: Vec<_> = before
        .deployments
        .iter()
        .zip(&after.deployments)
        .filter(|(before, after)| before != after)
        .map(|(before, _)| before.name_any())
        .collect();
    assert_eq!(changed, ["demo-photo"]);
    assert_eq!(before.migration, after.migration);
}
