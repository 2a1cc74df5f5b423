//! What can be said of a resource on paper: whether it is right, what it would make, and what it would change.

pub mod changes;
mod documents;
mod schema;

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use serde_json::Value;

use crate::apis::Apis;
use crate::crd::SocialPlatform;
use crate::reconcile::Cluster;
use crate::reconcile::build::build;
use crate::reconcile::fetch::references;
use crate::reconcile::validate::validate;
use crate::secrets::{Placeholder, key_encryption};
use schema::refusals;

pub use documents::{Document, documents, read};

/// What every Secret holds that a resource may refer to; the values are never looked at.
const SECRET: [(&str, &str); 9] = [
    ("host", "host-of-the-secret"),
    ("port", "5432"),
    ("dbname", "dbname"),
    ("user", "user"),
    ("username", "username"),
    ("password", "password"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("KEY_ENCRYPTION_KEY", "key"),
];

/// Everything that is wrong with a resource, as far as no cluster is needed to say it: what the CRD does not allow, and then what
/// the operator does not.
pub fn problems(resource: &SocialPlatform) -> Vec<String> {
    let refused = refusals(resource, None);
    if !refused.is_empty() {
        return refused;
    }
    match validate(&assumed(resource.clone())) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| format!("{}: {}", problem.reason, problem.message)).collect(),
    }
}

/// The objects that a resource makes, in the order in which they are applied, without the contents of Secrets.
pub fn objects(resource: &SocialPlatform) -> Result<Vec<Value>, Vec<String>> {
    let found = problems(resource);
    if !found.is_empty() {
        return Err(found);
    }
    let platform = validate(&assumed(resource.clone())).map_err(|_| found)?;
    Ok(build(&platform, &Placeholder).objects().into_iter().map(without_secrets).collect())
}

/// The object without what nobody should see.
fn without_secrets(mut object: Value) -> Value {
    if object["kind"] == "Secret"
        && let Some(data) = object.get_mut("data").and_then(Value::as_object_mut)
    {
        data.values_mut().for_each(|value| *value = Value::from("…"));
    }
    object
}

/// A cluster in which `resource` finds everything that it refers to.
fn assumed(mut resource: SocialPlatform) -> Cluster {
    resource.metadata.namespace.get_or_insert_with(|| "default".to_owned());
    resource.metadata.uid.get_or_insert_with(|| "uid-of-the-resource".to_owned());
    let images: BTreeMap<_, _> = [(resource.spec.version.clone(), format!("image-of-the-catalog:{}", resource.spec.version))].into();
    let names = references(&resource);
    let mut cluster = Cluster::empty(resource, Timestamp::UNIX_EPOCH);
    let data = SECRET.map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())));
    let secret = Secret { data: Some(data.into()), ..Secret::default() };
    cluster.referenced = names.into_iter().map(|name| (name, secret.clone())).collect();
    let is_restored = cluster.resource.spec.bootstrap.is_some();
    cluster.generated.extend(is_restored.then(|| (key_encryption(&cluster.resource.name_any()), secret)));
    cluster.ca_bundle = cluster.resource.spec.trust.as_ref().map(|trust| {
        let key = trust.ca_bundle_ref.key.clone().unwrap_or_else(|| "ca.crt".to_owned());
        ConfigMap { data: Some([(key, "-----BEGIN CERTIFICATE-----".to_owned())].into()), ..ConfigMap::default() }
    });
    cluster.images = images;
    cluster.http_routes_served = true;
    cluster.monitoring_served = true;
    cluster.cert_manager_served = true;
    cluster.cloud_native_pg_served = true;
    cluster.apis = Apis { resource_metrics: true, custom_metrics: true };
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{cloud_native_pg, full, minimal, restored};

    #[test]
    fn the_examples_are_right_and_say_what_they_make() {
        for example in [minimal(), full(), cloud_native_pg(), restored()] {
            let yaml = serde_yaml_ng::to_string(&example).unwrap();
            let read = read(&yaml).unwrap();
            assert_eq!(read, std::slice::from_ref(&example));
            assert_eq!(problems(&example), [""; 0]);
            let objects = objects(&example).unwrap();
            let kinds: Vec<_> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
            assert!(kinds.contains(&"Deployment") && kinds.contains(&"Job"), "{kinds:?}");
            let secret = objects.iter().find(|object| object["kind"] == "Secret").unwrap();
            assert!(secret["data"].as_object().unwrap().values().all(|value| value == "…"), "{secret}");
        }
    }

    #[test]
    fn a_broken_rule_is_told() {
        let mut resource = minimal();
        resource.spec.database.development = None;
        assert!(problems(&resource)[0].contains("needs the block database.development"));
    }
}
