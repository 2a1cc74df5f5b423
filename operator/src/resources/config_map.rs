//! What pods read and anyone may know.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::metadata::owned;
use crate::platform::Platform;
use crate::secrets::Credentials;

/// The public halves of the services' keys: with them each service knows which other one calls.
pub fn service_keys(platform: &Platform, credentials: &Credentials) -> ConfigMap {
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for of in &credentials.services {
        keys.entry(of.service.name()).or_default().push(&of.key.public);
    }
    let json = serde_json::to_string(&keys).expect("a map of strings is JSON");
    ConfigMap {
        metadata: owned(platform, "service-keys", &platform.named("service-keys")),
        data: Some([("SERVICE_KEYS".to_owned(), json)].into()),
        ..ConfigMap::default()
    }
}
