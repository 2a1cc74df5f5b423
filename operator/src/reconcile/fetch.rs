//! Step 1: everything that the other steps need to know of the cluster. In a steady state only the Secrets that others
//! write are read from the API server; the rest is in memory.

mod last_words;
mod secrets;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::Api;
use kube::{Client, Resource, ResourceExt};

use super::{Context, said};
use crate::apis::Apis;
use crate::backups::{UnreadableBackup, is_of};
use crate::children::Children;
use crate::crd::{SocialPlatform, SocialPlatformBackup};
use crate::migration::{State, attempts};
use crate::rotation::OVERLAP;
use last_words::{last_words_of, with_last_words};
use secrets::{generated_secrets, named};

/// What is known of one platform.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The resource.
    pub resource: Arc<SocialPlatform>,
    /// The time of this reconcile: the other steps have no clock of their own.
    pub now: Timestamp,
    /// Release → image.
    pub images: BTreeMap<String, String>,
    /// The Secrets that the resource refers to, as far as they exist.
    pub referenced: BTreeMap<String, Secret>,
    /// The ConfigMap with private certificate authorities, if the resource refers to one and it exists.
    pub ca_bundle: Option<ConfigMap>,
    /// The generated Secrets, as far as they exist.
    pub generated: BTreeMap<String, Secret>,
    /// The platform's objects.
    pub children: Children,
    /// The backups of the platform.
    pub backups: Vec<Arc<SocialPlatformBackup>>,
    /// The backups of earlier platforms of its name: none of its business, but for saying that nothing more becomes of them.
    pub earlier_backups: Vec<Arc<SocialPlatformBackup>>,
    /// The backups of its namespace that cannot be read, whosever they are.
    pub unreadable_backups: Vec<Arc<UnreadableBackup>>,
    /// Whether the cluster knows backups: if not, there may be some all the same.
    pub backups_served: bool,
    /// Whether the cluster knows HTTPRoutes.
    pub http_routes_served: bool,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub monitoring_served: bool,
    /// Whether the cluster knows cert-manager.
    pub cert_manager_served: bool,
    /// Whether the cluster knows CloudNativePG.
    pub cloud_native_pg_served: bool,
    /// Which other optional APIs it has.
    pub apis: Apis,
    /// How long old passwords and keys are accepted beside new ones.
    pub rotation_overlap: Duration,
    /// What the pod of the last failed migration left behind.
    pub failure: Option<String>,
    /// What the pods of a backup that has ended, and of a restore that failed, left behind; by their Jobs.
    pub last_words: BTreeMap<String, String>,
}

/// Why the cluster could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A Secret.
    #[error("failed to read Secret {name}: {}", said(.source))]
    Secret {
        /// Which.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// A ConfigMap.
    #[error("failed to read ConfigMap {name}: {}", said(.source))]
    ConfigMap {
        /// Which.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// The pods of a Job.
    #[error("failed to list the pods of Job {job}: {}", said(.source))]
    Pods {
        /// Which Job.
        job: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// What is watched beside the platform's own objects.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The backups of the platform, and of earlier ones of its name.
    pub backups: Vec<Arc<SocialPlatformBackup>>,
    /// The backups of its namespace that cannot be read, whosever they are.
    pub unreadable_backups: Vec<Arc<UnreadableBackup>>,
    /// Whether the cluster knows backups: if not, there may be some all the same.
    pub backups_served: bool,
    /// Release → image.
    pub images: BTreeMap<String, String>,
    /// Whether the cluster knows HTTPRoutes.
    pub http_routes_served: bool,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub monitoring_served: bool,
    /// Whether the cluster knows cert-manager.
    pub cert_manager_served: bool,
    /// Whether the cluster knows CloudNativePG.
    pub cloud_native_pg_served: bool,
    /// Which other optional APIs it has.
    pub apis: Apis,
    /// How long old passwords and keys are accepted beside new ones.
    pub rotation_overlap: Duration,
}

/// Reads what is known of `resource`.
pub async fn fetch(context: &Context, resource: Arc<SocialPlatform>) -> Result<Cluster, Error> {
    let children = context.cache.children(&resource.namespace().unwrap_or_default(), &resource.name_any());
    let surroundings = Surroundings {
        backups_served: context.cache.backups_served(),
        backups: context.cache.backups(&resource.namespace().unwrap_or_default(), &resource.name_any()),
        unreadable_backups: context.cache.unreadable_backups(&resource.namespace().unwrap_or_default()),
        images: context.images.catalog(),
        http_routes_served: context.cache.http_routes_served(),
        monitoring_served: context.cache.monitoring_served(),
        cert_manager_served: context.cache.cert_manager_served(),
        cloud_native_pg_served: context.cache.cloud_native_pg_served(),
        apis: context.apis.get().await,
        rotation_overlap: context.rotation_overlap,
    };
    gather(&context.client, resource, children, surroundings).await
}

/// Adds to `children` what has to be asked for.
pub async fn gather(
    client: &Client,
    resource: Arc<SocialPlatform>,
    children: Children,
    surroundings: Surroundings,
) -> Result<Cluster, Error> {
    let namespace = resource.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &namespace);

    let ca_bundle = async {
        match &resource.spec.trust {
            Some(trust) => config_map(client, &namespace, &trust.ca_bundle_ref.name).await,
            None => Ok(None),
        }
    };
    // At once: one after the other they would be most of what a change waits for.
    let referenced = named(&secrets, references(&resource));
    let (referenced, ca_bundle, found) = futures::try_join!(referenced, ca_bundle, generated_secrets(&secrets, &resource, &children))?;

    let failed = attempts(&children.jobs)
        .into_iter()
        .filter(|attempt| matches!(attempt.state, State::Failed(_)) && attempt.version == resource.spec.version);
    let failure = match failed.max_by_key(|attempt| attempt.made) {
        Some(attempt) => Some(last_words_of(client, &namespace, &attempt.job).await?),
        None => None,
    };
    let (backups, earlier_backups): (Vec<_>, Vec<_>) =
        surroundings.backups.into_iter().partition(|backup| is_of(backup, &resource.metadata));
    let mut last_words = BTreeMap::new();
    for job in with_last_words(&resource.name_any(), &children.jobs, &backups) {
        last_words.insert(job.clone(), last_words_of(client, &namespace, &job).await?);
    }

    Ok(Cluster {
        now: Timestamp::now(),
        images: surroundings.images,
        referenced,
        ca_bundle,
        backups,
        earlier_backups,
        unreadable_backups: surroundings.unreadable_backups,
        backups_served: surroundings.backups_served,
        generated: found,
        http_routes_served: surroundings.http_routes_served,
        monitoring_served: surroundings.monitoring_served,
        cert_manager_served: surroundings.cert_manager_served,
        cloud_native_pg_served: surroundings.cloud_native_pg_served,
        apis: surroundings.apis,
        rotation_overlap: surroundings.rotation_overlap,
        children,
        failure,
        last_words,
        resource,
    })
}

/// The names of the Secrets that the resource refers to.
pub fn references(resource: &SocialPlatform) -> Vec<String> {
    let database = resource.spec.database.external.as_ref().map(|external| external.secret_ref.name.clone());
    let object_store = resource.spec.object_store.external.as_ref().map(|external| external.credentials_secret_ref.name.clone());
    let mail = resource.spec.mail.as_ref().and_then(|mail| mail.credentials_secret_ref.as_ref()).map(|secret| secret.name.clone());
    let backups = resource.spec.backup.iter().map(|backup| &backup.destination);
    let origin = resource.spec.bootstrap.iter().map(|bootstrap| &bootstrap.from_backup.source);
    let backups = backups.chain(origin).map(|store| store.credentials_secret_ref.name.clone());
    let certificate = resource.spec.exposure.tls.iter().filter_map(|tls| tls.own_secret()).map(str::to_owned);
    database.into_iter().chain(object_store).chain(mail).chain(backups).chain(certificate).collect()
}

async fn config_map(client: &Client, namespace: &str, name: &str) -> Result<Option<ConfigMap>, Error> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    api.get_opt(name).await.map_err(|source| Error::ConfigMap { name: name.to_owned(), source: Box::new(source) })
}

impl Cluster {
    /// What is known of a resource before anything was read: nothing exists.
    pub fn empty(resource: SocialPlatform, now: Timestamp) -> Self {
        Self {
            resource: Arc::new(resource),
            now,
            images: BTreeMap::new(),
            referenced: BTreeMap::new(),
            ca_bundle: None,
            generated: BTreeMap::new(),
            children: Children::default(),
            backups: Vec::new(),
            earlier_backups: Vec::new(),
            unreadable_backups: Vec::new(),
            backups_served: false,
            http_routes_served: false,
            monitoring_served: false,
            cert_manager_served: false,
            cloud_native_pg_served: false,
            apis: Apis::default(),
            rotation_overlap: OVERLAP,
            failure: None,
            last_words: BTreeMap::new(),
        }
    }

    /// The generation of the spec that this reconcile is about.
    pub fn generation(&self) -> Option<i64> {
        self.resource.meta().generation
    }

    /// The namespace of the resource.
    pub fn namespace(&self) -> String {
        self.resource.namespace().unwrap_or_default()
    }
}
