//! What pods read and anyone may know.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::metadata::owned;
use crate::platform::Platform;
use crate::secrets::Credentials;

/// The public halves of the services' keys: with them each service knows which other one calls.
pub fn service_keys(platform: &Platform, credentials: &Credentials) -> ConfigMap {
    let keys: BTreeMap<&str, [&str; 1]> =
        credentials.services.iter().map(|credentials| (credentials.service.name(), [credentials.key.public.as_str()])).collect();
    let json = serde_json::to_string(&keys).expect("a map of strings is JSON");
    ConfigMap {
        metadata: owned(platform, "service-keys", &platform.named("service-keys")),
        data: Some([("SERVICE_KEYS".to_owned(), json)].into()),
        ..ConfigMap::default()
    }
}
