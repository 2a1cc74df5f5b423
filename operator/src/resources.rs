//! HOW an object is written: one file per kind. All of them are pure functions of the [`Platform`](crate::platform) and
//! of a [`Component`](crate::components::Component).

pub mod config_map;
pub mod deployment;
pub mod env;
pub mod http_route;
pub mod ingress;
pub mod job;
pub mod metadata;
pub mod network_policy;
pub mod persistent_volume_claim;
pub mod pod;
pub mod secret;
pub mod service;
pub mod service_account;

use std::marker::PhantomData;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};

use http_route::HttpRoute;

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
    /// Generated Secrets that did not exist: made, and never replaced.
    pub new_secrets: Vec<Secret>,
    /// All other Secrets.
    pub secrets: Vec<Secret>,
    /// The services' public keys.
    pub config_maps: Vec<ConfigMap>,
    /// Nothing in or out, and the exceptions.
    pub network_policies: Vec<NetworkPolicy>,
    /// One for each component that has ports.
    pub services: Vec<Service>,
    /// The volumes of Development storage.
    pub volume_claims: Vec<PersistentVolumeClaim>,
    /// Development storage.
    pub stores: Vec<Deployment>,
    /// The migrations of this release.
    pub migration: Job,
    /// The services.
    pub deployments: Vec<Deployment>,
    /// The way in, if `exposure.mode` is Ingress.
    pub ingresses: Vec<Ingress>,
    /// The way in, if `exposure.mode` is Gateway.
    pub http_routes: Vec<HttpRoute>,
    /// What these objects are.
    pub state: PhantomData<State>,
}

/// The API server leaves empty lists out; what it leaves out must not be wished for.
fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
