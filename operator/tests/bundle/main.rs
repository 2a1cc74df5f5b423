//! The bundle for the Operator Lifecycle Manager: what `operator-sdk bundle validate` asks of one, and that it installs what
//! the charts install. It is made anew of the committed manifests, which are made of the charts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use operator::bundle::{PACKAGE, bundle};
use serde::Deserialize;
use serde_json::Value;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The objects of both charts, and two examples.
fn manifest() -> String {
    ["manifests/install.yaml", "manifests/examples/minimal.yaml", "manifests/examples/full.yaml"].map(read).join("\n---\n")
}

fn charts() -> Vec<Value> {
    let text = read("manifests/install.yaml");
    serde_yaml_ng::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect()
}

fn files() -> BTreeMap<String, Value> {
    bundle(&manifest()).unwrap().into_iter().collect()
}

fn service_version() -> Value {
    files()[&format!("manifests/{PACKAGE}.clusterserviceversion.yaml")].clone()
}

fn texts(values: &Value, field: &str) -> BTreeSet<String> {
    values.as_array().unwrap().iter().map(|value| value[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_service_version_has_what_is_demanded_of_one() {
    let it = service_version();
    let version = it["spec"]["version"].as_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!(it["apiVersion"], "operators.coreos.com/v1alpha1");
    assert_eq!(it["metadata"]["name"], format!("{PACKAGE}.v{version}"));
    for field in ["displayName", "description", "maturity", "minKubeVersion"] {
        assert!(it["spec"][field].as_str().is_some_and(|text| !text.is_empty()), "spec.{field}");
    }
    for field in ["description", "containerImage", "capabilities", "categories"] {
        assert!(it["metadata"]["annotations"][field].as_str().is_some_and(|text| !text.is_empty()), "annotation {field}");
    }
    let levels = ["Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"];
    assert!(levels.iter().any(|level| it["metadata"]["annotations"]["capabilities"] == *level));
    assert!(it["spec"]["provider"]["name"].is_string());
    assert_eq!(it["spec"]["install"]["strategy"], "deployment");
    let modes = ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"].map(str::to_owned);
    assert_eq!(texts(&it["spec"]["installModes"], "type"), BTreeSet::from(modes));
    let images = texts(&it["spec"]["relatedImages"], "image");
    assert!(images.contains(it["metadata"]["annotations"]["containerImage"].as_str().unwrap()));
}

#[test]
fn it_owns_the_definitions_that_it_brings_and_describes_their_fields() {
    let it = service_version();
    let owned = &it["spec"]["customresourcedefinitions"]["owned"];
    let brought: BTreeSet<_> = files()
        .values()
        .filter(|file| file["kind"] == "CustomResourceDefinition")
        .map(|file| file["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts(owned, "name"), brought);
    for definition in owned.as_array().unwrap() {
        for field in ["kind", "version", "displayName", "description"] {
            assert!(definition[field].as_str().is_some_and(|text| !text.is_empty()), "{}: {field}", definition["name"]);
        }
        for descriptor in definition["specDescriptors"].as_array().unwrap() {
            assert!(descriptor["description"].is_string(), "{}: {}", definition["name"], descriptor["path"]);
        }
    }
}

#[test]
fn the_examples_are_of_kinds_that_it_owns() {
    let it = service_version();
    let examples: Value = serde_json::from_str(it["metadata"]["annotations"]["alm-examples"].as_str().unwrap()).unwrap();
    let kinds = texts(&examples, "kind");
    assert!(kinds.contains("SocialPlatform"));
    assert!(kinds.is_subset(&texts(&it["spec"]["customresourcedefinitions"]["owned"], "kind")), "{kinds:?}");
}

#[test]
fn it_asks_for_the_rights_of_the_chart_and_no_other() {
    let it = service_version();
    let permissions = it["spec"]["install"]["spec"]["permissions"].as_array().unwrap();
    let sorted = |rules: Vec<&Value>| rules.into_iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let asked = sorted(permissions.iter().flat_map(|it| it["rules"].as_array().unwrap()).collect());
    let charts = charts();
    let roles = charts.iter().filter(|object| object["kind"] == "Role");
    assert_eq!(asked, sorted(roles.flat_map(|role| role["rules"].as_array().unwrap()).collect()));
    assert!(it["spec"]["install"]["spec"].get("clusterPermissions").is_none());
}

#[test]
fn it_installs_the_deployment_of_the_chart() {
    let it = service_version();
    let installed = &it["spec"]["install"]["spec"]["deployments"][0];
    let charts = charts();
    let chart = charts.iter().find(|object| object["kind"] == "Deployment").unwrap();
    assert_eq!(installed["name"], chart["metadata"]["name"]);
    let account = &it["spec"]["install"]["spec"]["permissions"][0]["serviceAccountName"];
    assert_eq!(installed["spec"]["template"]["spec"]["serviceAccountName"], *account);

    let without_namespaces = |spec: &Value| {
        let mut spec = spec.clone();
        let variables = spec.pointer_mut("/template/spec/containers/0/env").unwrap().as_array_mut().unwrap();
        let there = variables.len();
        variables.retain(|variable| variable["name"] != "WATCH_NAMESPACE");
        assert_eq!(variables.len() + 1, there);
        spec
    };
    assert_eq!(without_namespaces(&installed["spec"]), without_namespaces(&chart["spec"]));
    let text = installed.to_string();
    assert!(text.contains("olm.targetNamespaces"), "{text}");
}

#[test]
fn what_else_the_chart_makes_comes_along_and_nothing_of_helm() {
    let files = files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    for name in ["-images.configmap", ".networkpolicy", ".poddisruptionbudget"] {
        let name = format!("manifests/{PACKAGE}{name}.yaml");
        assert!(names.contains(&name.as_str()), "{names:?}");
    }
    for (path, file) in files.iter().filter(|(path, _)| !path.contains("clusterserviceversion")) {
        assert!(!file["metadata"].to_string().contains("helm"), "{path}");
        assert!(file["metadata"].get("namespace").is_none(), "{path}");
    }
}

#[test]
fn the_annotations_name_folders_package_and_channel() {
    let annotations = files()["metadata/annotations.yaml"]["annotations"].clone();
    let value = |name: &str| annotations[format!("operators.operatorframework.io.bundle.{name}")].as_str().unwrap_or_default().to_owned();
    assert_eq!(value("mediatype.v1"), "registry+v1");
    assert_eq!((value("manifests.v1"), value("metadata.v1")), ("manifests/".to_owned(), "metadata/".to_owned()));
    assert_eq!(value("package.v1"), PACKAGE);
    assert!(value("channels.v1").split(',').any(|channel| channel == value("channel.default.v1")));
}

#[test]
fn what_a_bundle_has_no_place_for_is_refused() {
    let stranger = "apiVersion: v1\nkind: Secret\nmetadata: {name: lost}";
    assert!(bundle(&format!("{}\n---\n{stranger}", manifest())).unwrap_err().contains("Secret lost"));
    assert!(bundle(stranger).unwrap_err().contains("no Deployment"));
}
