//! What a platform has in the cluster, read from memory: each kind is watched whole, by its label.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ListParams};
use kube::runtime::reflector::Store;
use kube::runtime::reflector::store::WriterDropped;
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::apis::Served;
use crate::crd::SocialPlatformBackup;
use crate::resources::certificate::Certificate;
use crate::resources::http_route::HttpRoute;
use crate::resources::metadata::{INSTANCE, MANAGED_BY, MANAGER};
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::postgres_cluster::PostgresCluster;

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

/// The backups of one platform, read from the API server; none, where it does not know the kind.
pub async fn list_backups(client: &Client, namespace: &str, name: &str) -> kube::Result<Vec<Arc<SocialPlatformBackup>>> {
    let api: Api<SocialPlatformBackup> = Api::namespaced(client.clone(), namespace);
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(list.items.into_iter().filter(|backup| backup.spec.platform_ref.name == name).map(Arc::new).collect()),
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
    /// How many pods may be missing.
    pub disruption_budgets: Store<PodDisruptionBudget>,
    /// Addresses of the components.
    pub services: Store<Service>,
    /// Volumes.
    pub volume_claims: Store<PersistentVolumeClaim>,
    /// Stores and services.
    pub deployments: Store<Deployment>,
    /// Sizes that follow the load.
    pub autoscalers: Store<HorizontalPodAutoscaler>,
    /// Migrations.
    pub jobs: Store<Job>,
    /// The way in.
    pub ingresses: Store<Ingress>,
    /// The way in.
    pub http_routes: Store<HttpRoute>,
    /// Whether the cluster knows HTTPRoutes; they are not watched before.
    pub http_routes_served: Arc<AtomicBool>,
    /// Alerts.
    pub prometheus_rules: Store<PrometheusRule>,
    /// Whether the cluster knows PrometheusRules; they are not watched before.
    pub prometheus_rules_served: Arc<AtomicBool>,
    /// Where metrics are.
    pub service_monitors: Store<ServiceMonitor>,
    /// Whether the cluster knows ServiceMonitors; they are not watched before.
    pub service_monitors_served: Arc<AtomicBool>,
    /// The certificates that cert-manager keeps.
    pub certificates: Store<Certificate>,
    /// Whether the cluster knows Certificates; they are not watched before.
    pub certificates_served: Arc<AtomicBool>,
    /// The databases that CloudNativePG runs.
    pub postgres_clusters: Store<PostgresCluster>,
    /// Whether the cluster knows CloudNativePG; its Clusters are not watched before.
    pub postgres_clusters_served: Arc<AtomicBool>,
    /// Backups.
    pub backups: Store<SocialPlatformBackup>,
    /// Whether the cluster knows SocialPlatformBackups; its CRDs may be older than the operator.
    pub backups_served: Served,
}

impl Cache {
    /// Resolves once every kind has been listed: before that, an object that exists would look missing.
    pub async fn ready(&self) -> Result<(), WriterDropped> {
        self.service_accounts.wait_until_ready().await?;
        self.secrets.wait_until_ready().await?;
        self.config_maps.wait_until_ready().await?;
        self.network_policies.wait_until_ready().await?;
        self.disruption_budgets.wait_until_ready().await?;
        self.services.wait_until_ready().await?;
        self.volume_claims.wait_until_ready().await?;
        self.deployments.wait_until_ready().await?;
        self.autoscalers.wait_until_ready().await?;
        self.jobs.wait_until_ready().await?;
        self.ingresses.wait_until_ready().await?;
        if self.http_routes_served() {
            self.http_routes.wait_until_ready().await?;
        }
        if self.monitoring_served() {
            self.prometheus_rules.wait_until_ready().await?;
            self.service_monitors.wait_until_ready().await?;
        }
        if self.cert_manager_served() {
            self.certificates.wait_until_ready().await?;
        }
        if self.cloud_native_pg_served() {
            self.postgres_clusters.wait_until_ready().await?;
        }
        if self.backups_served.known().await {
            self.backups.wait_until_ready().await?;
        }
        Ok(())
    }

    /// Does the cluster know HTTPRoutes?
    pub fn http_routes_served(&self) -> bool {
        self.http_routes_served.load(Ordering::Acquire)
    }

    /// Does the cluster know the kinds of the Prometheus operator?
    pub fn monitoring_served(&self) -> bool {
        self.prometheus_rules_served.load(Ordering::Acquire) && self.service_monitors_served.load(Ordering::Acquire)
    }

    /// Does the cluster know cert-manager?
    pub fn cert_manager_served(&self) -> bool {
        self.certificates_served.load(Ordering::Acquire)
    }

    /// Does the cluster know CloudNativePG?
    pub fn cloud_native_pg_served(&self) -> bool {
        self.postgres_clusters_served.load(Ordering::Acquire)
    }

    /// Does the cluster know SocialPlatformBackups?
    pub fn backups_served(&self) -> bool {
        self.backups_served.is_yes()
    }

    /// The backups of one platform.
    pub fn backups(&self, namespace: &str, name: &str) -> Vec<Arc<SocialPlatformBackup>> {
        self.backups.state_filter(|backup| backup.metadata.namespace.as_deref() == Some(namespace) && backup.spec.platform_ref.name == name)
    }

    /// The objects of one platform.
    pub fn children(&self, namespace: &str, name: &str) -> Children {
        Children {
            service_accounts: of(&self.service_accounts, namespace, name),
            secrets: of(&self.secrets, namespace, name),
            config_maps: of(&self.config_maps, namespace, name),
            network_policies: of(&self.network_policies, namespace, name),
            disruption_budgets: of(&self.disruption_budgets, namespace, name),
            services: of(&self.services, namespace, name),
            volume_claims: of(&self.volume_claims, namespace, name),
            deployments: of(&self.deployments, namespace, name),
            autoscalers: of(&self.autoscalers, namespace, name),
            jobs: of(&self.jobs, namespace, name),
            ingresses: of(&self.ingresses, namespace, name),
            http_routes: of(&self.http_routes, namespace, name),
            prometheus_rules: of(&self.prometheus_rules, namespace, name),
            service_monitors: of(&self.service_monitors, namespace, name),
            certificates: of(&self.certificates, namespace, name),
            postgres_clusters: of(&self.postgres_clusters, namespace, name),
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
