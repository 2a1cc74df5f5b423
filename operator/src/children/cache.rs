//! The memory of the watches.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Resource;
use kube::runtime::reflector::Store;
use serde::de::DeserializeOwned;

use super::{Children, Ended, Kept};
use crate::apis::Served;
use crate::backups::{StoredBackup, UnreadableBackup};
use crate::crd::SocialPlatformBackup;
use crate::resources::certificate::Certificate;
use crate::resources::http_route::HttpRoute;
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::postgres_cluster::PostgresCluster;

/// The memory of the watches, one store for each kind.
#[derive(Clone)]
pub struct Cache {
    /// Accounts of the components.
    pub service_accounts: Kept<ServiceAccount>,
    /// Generated and derived Secrets.
    pub secrets: Kept<Secret>,
    /// The services' public keys.
    pub config_maps: Kept<ConfigMap>,
    /// The edges.
    pub network_policies: Kept<NetworkPolicy>,
    /// How many pods may be missing.
    pub disruption_budgets: Kept<PodDisruptionBudget>,
    /// Addresses of the components.
    pub services: Kept<Service>,
    /// Volumes.
    pub volume_claims: Kept<PersistentVolumeClaim>,
    /// Stores and services.
    pub deployments: Kept<Deployment>,
    /// Sizes that follow the load.
    pub autoscalers: Kept<HorizontalPodAutoscaler>,
    /// Migrations.
    pub jobs: Kept<Job>,
    /// The way in.
    pub ingresses: Kept<Ingress>,
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
    pub backups: Backups,
}

/// A kind that the cluster may know or not, and that is watched from the moment that it does. Its CRD may come later than the
/// operator, or be older.
pub struct Optional<K> {
    /// Its objects; none, as long as the cluster does not know it.
    pub kept: Kept<K>,
    /// What the cluster says.
    pub served: Served,
}

/// Backups: a kind that the cluster may know or not, as well. They are few, and some cannot be read, so they stay as they came.
#[derive(Clone)]
pub struct Backups {
    /// Those there are.
    pub store: Store<StoredBackup>,
    /// What the cluster says.
    pub served: Served,
}

impl<K> Clone for Optional<K> {
    fn clone(&self) -> Self {
        Self { kept: self.kept.clone(), served: self.served.clone() }
    }
}

impl<K: DeserializeOwned> Optional<K> {
    /// Resolves once the cluster has said whether it knows the kind, and its objects have been listed if it does.
    async fn listed(&self) -> Result<(), Ended> {
        match self.served.known().await {
            true => self.kept.listed().await,
            false => Ok(()),
        }
    }
}

impl Backups {
    async fn listed(&self) -> Result<(), Ended> {
        match self.served.known().await {
            true => Ok(self.store.wait_until_ready().await?),
            false => Ok(()),
        }
    }
}

impl Cache {
    /// Resolves once every kind has been listed: before that, an object that exists would look missing. A kind that nobody can
    /// ask about is waited for as well: what it is taken for, not there, would take away what is.
    pub async fn ready(&self) -> Result<(), Ended> {
        self.service_accounts.listed().await?;
        self.secrets.listed().await?;
        self.config_maps.listed().await?;
        self.network_policies.listed().await?;
        self.disruption_budgets.listed().await?;
        self.services.listed().await?;
        self.volume_claims.listed().await?;
        self.deployments.listed().await?;
        self.autoscalers.listed().await?;
        self.jobs.listed().await?;
        self.ingresses.listed().await?;
        self.http_routes.listed().await?;
        self.prometheus_rules.listed().await?;
        self.service_monitors.listed().await?;
        self.certificates.listed().await?;
        self.postgres_clusters.listed().await?;
        self.backups.listed().await
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

    /// The backups that can be read and whose platform is not there; `is_there` is asked for its namespace and name.
    pub fn strays(&self, is_there: impl Fn(&str, &str) -> bool) -> Vec<Arc<SocialPlatformBackup>> {
        let is_stray = |backup: &StoredBackup| {
            let namespace = backup.meta().namespace.as_deref().unwrap_or_default();
            backup.platform().is_some_and(|platform| !is_there(namespace, platform))
        };
        self.backups.store.state_filter(is_stray).iter().filter_map(|backup| backup.readable()).collect()
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
            service_accounts: self.service_accounts.of(namespace, name),
            secrets: self.secrets.of(namespace, name),
            config_maps: self.config_maps.of(namespace, name),
            network_policies: self.network_policies.of(namespace, name),
            disruption_budgets: self.disruption_budgets.of(namespace, name),
            services: self.services.of(namespace, name),
            volume_claims: self.volume_claims.of(namespace, name),
            deployments: self.deployments.of(namespace, name),
            autoscalers: self.autoscalers.of(namespace, name),
            jobs: self.jobs.of(namespace, name),
            ingresses: self.ingresses.of(namespace, name),
            http_routes: self.http_routes.kept.of(namespace, name),
            prometheus_rules: self.prometheus_rules.kept.of(namespace, name),
            service_monitors: self.service_monitors.kept.of(namespace, name),
            certificates: self.certificates.kept.of(namespace, name),
            postgres_clusters: self.postgres_clusters.kept.of(namespace, name),
        }
    }
}
