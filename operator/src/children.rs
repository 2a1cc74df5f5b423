//! What a platform has in the cluster, read from memory: each kind is watched whole, by its label.

mod cache;
mod kept;
mod packed;

use std::fmt::Debug;
use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ListParams};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;

use crate::backups::StoredBackup;
use crate::crd::SocialPlatformBackup;
use crate::resources::certificate::Certificate;
use crate::resources::http_route::HttpRoute;
use crate::resources::metadata::{INSTANCE, MANAGED_BY, MANAGER};
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::postgres_cluster::PostgresCluster;

pub use cache::{Backups, Cache, Optional};
pub use kept::{Ended, Keeper, Kept, kept};

/// The objects of one platform, as last seen.
#[derive(Clone, Debug, Default)]
pub struct Children {
    /// Accounts of the components.
    pub service_accounts: Vec<Arc<ServiceAccount>>,
    /// Generated and derived Secrets.
    pub secrets: Vec<Arc<Secret>>,
    /// The services' public keys.
    pub config_maps: Vec<Arc<ConfigMap>>,
    /// The edges.
    pub network_policies: Vec<Arc<NetworkPolicy>>,
    /// How many pods may be missing.
    pub disruption_budgets: Vec<Arc<PodDisruptionBudget>>,
    /// Addresses of the components.
    pub services: Vec<Arc<Service>>,
    /// Volumes.
    pub volume_claims: Vec<Arc<PersistentVolumeClaim>>,
    /// Stores and services.
    pub deployments: Vec<Arc<Deployment>>,
    /// Sizes that follow the load.
    pub autoscalers: Vec<Arc<HorizontalPodAutoscaler>>,
    /// Migrations.
    pub jobs: Vec<Arc<Job>>,
    /// The way in.
    pub ingresses: Vec<Arc<Ingress>>,
    /// The way in.
    pub http_routes: Vec<Arc<HttpRoute>>,
    /// Alerts.
    pub prometheus_rules: Vec<Arc<PrometheusRule>>,
    /// Where metrics are.
    pub service_monitors: Vec<Arc<ServiceMonitor>>,
    /// The certificate that cert-manager keeps.
    pub certificates: Vec<Arc<Certificate>>,
    /// The database that CloudNativePG runs.
    pub postgres_clusters: Vec<Arc<PostgresCluster>>,
}

impl Children {
    /// The objects of one platform, read from the API server.
    pub async fn list(client: &Client, namespace: &str, name: &str) -> kube::Result<Self> {
        let of = Selection { client, namespace, labels: format!("{MANAGED_BY}={MANAGER},{INSTANCE}={name}") };
        Ok(Self {
            service_accounts: of.list().await?,
            secrets: of.list().await?,
            config_maps: of.list().await?,
            network_policies: of.list().await?,
            disruption_budgets: of.list().await?,
            services: of.list().await?,
            volume_claims: of.list().await?,
            deployments: of.list().await?,
            autoscalers: of.list().await?,
            jobs: of.list().await?,
            ingresses: of.list().await?,
            http_routes: of.list().await?,
            prometheus_rules: of.list().await?,
            service_monitors: of.list().await?,
            certificates: of.list().await?,
            postgres_clusters: of.list().await?,
        })
    }
}

/// The backups of one platform that can be read, from the API server; none, where it does not know the kind.
pub async fn list_backups(client: &Client, namespace: &str, name: &str) -> kube::Result<Vec<Arc<SocialPlatformBackup>>> {
    let api: Api<StoredBackup> = Api::namespaced(client.clone(), namespace);
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(list.iter().filter(|backup| backup.platform() == Some(name)).filter_map(StoredBackup::readable).collect()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

struct Selection<'a> {
    client: &'a Client,
    namespace: &'a str,
    labels: String,
}

impl Selection<'_> {
    /// None, where the cluster does not know the kind.
    async fn list<K>(&self) -> kube::Result<Vec<Arc<K>>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), self.namespace);
        match api.list(&ListParams::default().labels(&self.labels)).await {
            Ok(list) => Ok(list.items.into_iter().map(Arc::new).collect()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
