//! What the operator wants of its objects, as far as two platforms of one kind must agree on it.

use std::collections::BTreeMap;

use kube::api::{DynamicObject, ResourceExt as _};
use serde_json::{Value, json};

use crate::objects::{self, MADE_OF_OURS, Named};
use crate::platform::Platform;
use crate::scene::Scene;

/// What is another each time an object is made: addresses, volumes, and the hash of new passwords.
const EACH_TIME: [&str; 4] = ["clusterIP", "clusterIPs", "socialplatform.dev/configuration", "volumeName"];

/// The objects that the operator has made, by kind and name: whose each is, and its spec. Of Jobs, which tell a program whether
/// there was a release before, it is the images.
pub async fn all(scene: &Scene, platform: &Platform) -> BTreeMap<String, Value> {
    let owner = platform.owner().await;
    made(scene).await.into_iter().map(|(named, object)| (name(&named, &object), wanted(&named, &object, &owner))).collect()
}

/// How many migrations of each release there are.
pub async fn migrations(scene: &Scene) -> BTreeMap<String, usize> {
    let mut migrations = BTreeMap::new();
    for (_, object) in made(scene).await.into_iter().filter(|(named, _)| named.kind == "Job") {
        let label = |name: &str| object.labels().get(name).cloned().unwrap_or_default();
        if label("app.kubernetes.io/component") == "migrate" {
            *migrations.entry(label("app.kubernetes.io/version")).or_default() += 1;
        }
    }
    migrations
}

async fn made(scene: &Scene) -> Vec<(Named, DynamicObject)> {
    let is_made = |(named, object): &(Named, DynamicObject)| {
        let manager = object.labels().get("app.kubernetes.io/managed-by");
        !MADE_OF_OURS.contains(&named.kind.as_str()) && manager.is_some_and(|manager| manager == "socialplatform-operator")
    };
    objects::all(scene).await.into_iter().filter(is_made).collect()
}

/// Kind and name; of a migration without the hash of what goes in, among which the keys of Development storage are others each time.
fn name(named: &Named, object: &DynamicObject) -> String {
    let key = object.labels().get("socialplatform.dev/migration");
    key.map_or_else(|| named.to_string(), |key| named.to_string().replace(key.as_str(), "KEY"))
}

fn wanted(named: &Named, object: &DynamicObject, owner: &Value) -> Value {
    let of_platform = |uid: &str| owner["uid"].as_str() == Some(uid);
    let owners = object.owner_references().iter().map(|owner| json!([owner.kind, owner.name, of_platform(&owner.uid)]));
    let spec = match named.kind.as_str() {
        "Job" => {
            let of_pod = &object.data["spec"]["template"]["spec"];
            let containers = ["initContainers", "containers"].into_iter().filter_map(|kind| of_pod[kind].as_array()).flatten();
            containers.map(|container| container["image"].clone()).collect()
        }
        _ => lasting(&object.data["spec"]),
    };
    json!({ "owners": owners.collect::<Vec<_>>(), "version": object.labels().get("app.kubernetes.io/version"), "spec": spec })
}

/// A spec without what is another each time.
fn lasting(spec: &Value) -> Value {
    match spec {
        Value::Object(fields) => {
            let lasting_ones = fields.iter().filter(|(name, _)| !EACH_TIME.contains(&name.as_str()));
            lasting_ones.map(|(name, value)| (name.clone(), lasting(value))).collect()
        }
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}
