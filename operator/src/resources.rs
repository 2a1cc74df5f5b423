//! HOW an object is written: one file per kind. All of them are pure functions of the [`Platform`](crate::platform) and
//! of a [`Component`](crate::components::Component).

pub mod certificate;
pub mod config_map;
pub mod dashboards;
pub mod deployment;
pub mod env;
pub mod horizontal_pod_autoscaler;
pub mod http_route;
pub mod ingress;
pub mod job;
pub mod metadata;
pub mod monitoring;
pub mod network_policy;
pub mod persistent_volume_claim;
pub mod pod;
pub mod pod_disruption_budget;
pub mod postgres_cluster;
pub mod scheduling;
pub mod secret;
pub mod service;
pub mod service_account;

use std::marker::PhantomData;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde_json::Value;

use crate::crd::SocialPlatformBackup;
use certificate::Certificate;
use http_route::HttpRoute;
use monitoring::{PrometheusRule, ServiceMonitor};
use postgres_cluster::PostgresCluster;

/// The objects as they should be.
#[derive(Clone, Debug)]
pub struct Prepared;

/// The objects as they are in the cluster after an apply.
#[derive(Clone, Debug)]
pub struct Applied;

/// Every object of a platform, in the order in which they are applied. `State` says whether they are a wish or a fact:
/// the status is computed from facts only.
#[derive(Clone, Debug)]
pub struct Resources<State> {
    /// One for each component.
    pub service_accounts: Vec<ServiceAccount>,
    /// All Secrets but the new ones. The one that says which passwords are in use is among them, and comes before any password.
    pub secrets: Vec<Secret>,
    /// Generated Secrets that did not exist: made, and never replaced.
    pub new_secrets: Vec<Secret>,
    /// The services' public keys, and the dashboards.
    pub config_maps: Vec<ConfigMap>,
    /// Nothing in or out, and the exceptions.
    pub network_policies: Vec<NetworkPolicy>,
    /// One for each service of which two or more pods run.
    pub disruption_budgets: Vec<PodDisruptionBudget>,
    /// One for each component that has ports.
    pub services: Vec<Service>,
    /// The volumes of Development storage.
    pub volume_claims: Vec<PersistentVolumeClaim>,
    /// The database, if `database.mode` is CloudNativePG and the cluster knows it.
    pub postgres_clusters: Vec<PostgresCluster>,
    /// Development storage.
    pub stores: Vec<Deployment>,
    /// The restore with which a new platform begins, if it does.
    pub restore: Option<Job>,
    /// The migrations of this release.
    pub migration: Job,
    /// The services.
    pub deployments: Vec<Deployment>,
    /// One for each service whose size follows the load.
    pub autoscalers: Vec<HorizontalPodAutoscaler>,
    /// The certificate of the domain, if cert-manager is to get it and the cluster knows it.
    pub certificates: Vec<Certificate>,
    /// The way in, if `exposure.mode` is Ingress.
    pub ingresses: Vec<Ingress>,
    /// The way in, if `exposure.mode` is Gateway.
    pub http_routes: Vec<HttpRoute>,
    /// The alerts, if they are wanted and known.
    pub prometheus_rules: Vec<PrometheusRule>,
    /// Where metrics are, if it is wanted and known.
    pub service_monitors: Vec<ServiceMonitor>,
    /// The backup that is due.
    pub backup: Option<Job>,
    /// The backup that the schedule asks for.
    pub scheduled: Option<SocialPlatformBackup>,
    /// What these objects are.
    pub state: PhantomData<State>,
}

impl<State> Resources<State> {
    /// Every object as JSON, in the order in which they are applied.
    pub fn objects(&self) -> Vec<Value> {
        // Without `..`: a kind that is added and not shown does not compile.
        let Self {
            service_accounts,
            secrets,
            new_secrets,
            config_maps,
            network_policies,
            disruption_budgets,
            services,
            volume_claims,
            prometheus_rules,
            service_monitors,
            postgres_clusters,
            stores,
            restore,
            migration,
            deployments,
            autoscalers,
            certificates,
            ingresses,
            http_routes,
            backup,
            scheduled,
            state: PhantomData,
        } = self;
        let mut all = Vec::new();
        add(&mut all, service_accounts);
        add(&mut all, secrets);
        add(&mut all, new_secrets);
        add(&mut all, config_maps);
        add(&mut all, network_policies);
        add(&mut all, disruption_budgets);
        add(&mut all, services);
        add(&mut all, volume_claims);
        add(&mut all, postgres_clusters);
        add(&mut all, stores);
        add(&mut all, restore);
        add(&mut all, [migration]);
        add(&mut all, deployments);
        add(&mut all, autoscalers);
        add(&mut all, certificates);
        add(&mut all, ingresses);
        add(&mut all, http_routes);
        add(&mut all, prometheus_rules);
        add(&mut all, service_monitors);
        add(&mut all, backup);
        add(&mut all, scheduled);
        all
    }
}

fn add<K: Serialize>(all: &mut Vec<Value>, objects: impl IntoIterator<Item = K>) {
    all.extend(objects.into_iter().map(|object| serde_json::to_value(object).expect("objects of Kubernetes are JSON")));
}

/// The API server leaves empty lists out; what it leaves out must not be wished for.
fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
