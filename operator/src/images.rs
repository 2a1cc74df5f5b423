//! The catalog of images: which image a release has. The chart writes it into a ConfigMap beside the operator, so that
//! a site can point every release to its own mirror.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::reflector::Store;

use crate::children::Ended;

/// The catalog.
#[derive(Clone)]
pub struct Images(Option<Store<ConfigMap>>);

impl Images {
    /// A catalog that follows a ConfigMap; without one, each resource has to name its image.
    pub fn new(store: Option<Store<ConfigMap>>) -> Self {
        Self(store)
    }

    /// Resolves once the ConfigMap has been looked for.
    pub async fn ready(&self) -> Result<(), Ended> {
        match &self.0 {
            Some(store) => Ok(store.wait_until_ready().await?),
            None => Ok(()),
        }
    }

    /// Release → image.
    pub fn catalog(&self) -> BTreeMap<String, String> {
        let config_maps = self.0.as_ref().map(Store::state).unwrap_or_default();
        config_maps.iter().filter_map(|config_map| config_map.data.clone()).flatten().collect()
    }
}
