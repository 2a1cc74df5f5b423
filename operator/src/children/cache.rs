//! The memory of the watches.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::runtime::reflector::Store;
use kube::runtime::reflector::store::WriterDropped;
use kube::{Resource, ResourceExt};

use super::Children;
use crate::apis::Served;
use crate::backups::{StoredBackup, UnreadableBackup};
use crate::crd::SocialPlatformBackup;
use crate::resources::certificate::Certificate;
use crate::resources::http_route::HttpRoute;
use crate::resources::metadata::INSTANCE;
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::postgres_cluster::PostgresCluster;

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
    pub http_routes: Optional<HttpRoute>,
    /// Alerts.
    pub prometheus_rules: Optional<PrometheusRule>,
    /// Where metrics are.
    pub service_monitors: Optional<ServiceMonitor>,
    /// The certificates that cert-manager keeps.
    pub certificates: Optional<Certificate>,
    /// The databases that CloudNativePG runs.
    pub postgres_clusters: Optional<PostgresCluster>,
    /// Backups.
    pub backups: Optional<StoredBackup>,
}

/// A kind that the cluster may know or not, and that is watched from the moment that it does. Its CRD may come later than the
/// operator, or be older.
#[derive(Clone)]
pub struct Optional<K: Resource<DynamicType = ()> + Clone + 'static> {
    /// Its objects; none, as long as the cluster does not know it.
    pub store: Store<K>,
    /// What the cluster says.
    pub served: Served,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Optional<K> {
    /// Resolves once the cluster has said whether it knows the kind, and its objects have been listed if it does.
    async fn ready(&self) -> Result<(), WriterDropped> {
        match self.served.known().await {
            true => self.store.wait_until_ready().await,
            false => Ok(()),
        }
    }
}

impl Cache {
    /// Resolves once every kind has been listed: before that, an object that exists would look missing. A kind that nobody can
    /// ask about is waited for as well: what it is taken for, not there, would take away what is.
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
        self.http_routes.ready().await?;
        self.prometheus_rules.ready().await?;
        self.service_monitors.ready().await?;
        self.certificates.ready().await?;
        self.postgres_clusters.ready().await?;
        self.backups.ready().await
    }

    /// Does the cluster know HTTPRoutes?
    pub fn http_routes_served(&self) -> bool {
        self.http_routes.served.is_yes()
    }

    /// Does the cluster know the kinds of the Prometheus operator?
    pub fn monitoring_served(&self) -> bool {
        self.prometheus_rules.served.is_yes() && self.service_monitors.served.is_yes()
    }

    /// Does the cluster know cert-manager?
    pub fn cert_manager_served(&self) -> bool {
        self.certificates.served.is_yes()
    }

    /// Does the cluster know CloudNativePG?
    pub fn cloud_native_pg_served(&self) -> bool {
        self.postgres_clusters.served.is_yes()
    }

    /// Does the cluster know SocialPlatformBackups?
    pub fn backups_served(&self) -> bool {
        self.backups.served.is_yes()
    }

    /// The backups of one platform that can be read.
    pub fn backups(&self, namespace: &str, name: &str) -> Vec<Arc<SocialPlatformBackup>> {
        self.backups_in(namespace).iter().filter(|backup| backup.platform() == Some(name)).filter_map(|backup| backup.readable()).collect()
    }

    /// The backups of a namespace that cannot be read, whosever they are.
    pub fn unreadable_backups(&self, namespace: &str) -> Vec<Arc<UnreadableBackup>> {
        self.backups_in(namespace).iter().filter_map(|backup| backup.unreadable()).collect()
    }

    fn backups_in(&self, namespace: &str) -> Vec<Arc<StoredBackup>> {
        self.backups.store.state_filter(|backup| backup.meta().namespace.as_deref() == Some(namespace))
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
            http_routes: of(&self.http_routes.store, namespace, name),
            prometheus_rules: of(&self.prometheus_rules.store, namespace, name),
            service_monitors: of(&self.service_monitors.store, namespace, name),
            certificates: of(&self.certificates.store, namespace, name),
            postgres_clusters: of(&self.postgres_clusters.store, namespace, name),
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
