//! What a platform has in the cluster, read from memory: each kind is watched whole, by its label.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::runtime::reflector::Store;
use kube::runtime::reflector::store::WriterDropped;
use kube::{Resource, ResourceExt};

use crate::resources::http_route::HttpRoute;
use crate::resources::metadata::INSTANCE;

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
    /// Addresses of the components.
    pub services: Vec<Arc<Service>>,
    /// Volumes.
    pub volume_claims: Vec<Arc<PersistentVolumeClaim>>,
    /// Stores and services.
    pub deployments: Vec<Arc<Deployment>>,
    /// Migrations.
    pub jobs: Vec<Arc<Job>>,
    /// The way in.
    pub ingresses: Vec<Arc<Ingress>>,
    /// The way in.
    pub http_routes: Vec<Arc<HttpRoute>>,
}

/// The memory of the watches, one store for each kind.
#[derive(Clone)]
pub struct Cache {
    /// Accounts of the components.
    pub service_accounts: Store<ServiceAccount>,
    /// Generated and derived Secrets.
    pub secrets: Store<Secret>,
    /// The services' public keys.
    pub config_maps: Store<ConfigMap>,
    /// The edges.
    pub network_policies: Store<NetworkPolicy>,
    /// Addresses of the components.
    pub services: Store<Service>,
    /// Volumes.
    pub volume_claims: Store<PersistentVolumeClaim>,
    /// Stores and services.
    pub deployments: Store<Deployment>,
    /// Migrations.
    pub jobs: Store<Job>,
    /// The way in.
    pub ingresses: Store<Ingress>,
    /// The way in.
    pub http_routes: Store<HttpRoute>,
    /// Whether the cluster knows HTTPRoutes; they are not watched before.
    pub http_routes_served: Arc<AtomicBool>,
}

impl Cache {
    /// Resolves once every kind has been listed: before that, an object that exists would look missing.
    pub async fn ready(&self) -> Result<(), WriterDropped> {
        self.service_accounts.wait_until_ready().await?;
        self.secrets.wait_until_ready().await?;
        self.config_maps.wait_until_ready().await?;
        self.network_policies.wait_until_ready().await?;
        self.services.wait_until_ready().await?;
        self.volume_claims.wait_until_ready().await?;
        self.deployments.wait_until_ready().await?;
        self.jobs.wait_until_ready().await?;
        self.ingresses.wait_until_ready().await?;
        if self.http_routes_served() {
            self.http_routes.wait_until_ready().await?;
        }
        Ok(())
    }

    /// Does the cluster know HTTPRoutes?
    pub fn http_routes_served(&self) -> bool {
        self.http_routes_served.load(Ordering::Acquire)
    }

    /// The objects of one platform.
    pub fn children(&self, namespace: &str, name: &str) -> Children {
        Children {
            service_accounts: of(&self.service_accounts, namespace, name),
            secrets: of(&self.secrets, namespace, name),
            config_maps: of(&self.config_maps, namespace, name),
            network_policies: of(&self.network_policies, namespace, name),
            services: of(&self.services, namespace, name),
            volume_claims: of(&self.volume_claims, namespace, name),
            deployments: of(&self.deployments, namespace, name),
            jobs: of(&self.jobs, namespace, name),
            ingresses: of(&self.ingresses, namespace, name),
            http_routes: of(&self.http_routes, namespace, name),
        }
    }
}

fn of<K>(store: &Store<K>, namespace: &str, name: &str) -> Vec<Arc<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    store.state_filter(|object| {
        object.meta().namespace.as_deref() == Some(namespace) && object.labels().get(INSTANCE).map(String::as_str) == Some(name)
    })
}
