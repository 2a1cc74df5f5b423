//! Step 1: everything that the other steps need to know of the cluster. In a steady state only the Secrets that others
//! write are read from the API server; the rest is in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::api::{Api, ListParams};
use kube::{Client, Resource, ResourceExt};

use super::{Context, said};
use crate::apis::Apis;
use crate::children::Children;
use crate::crd::{DatabaseMode, ObjectStoreMode, SocialPlatform};
use crate::migration::{Attempt, State, attempts};
use crate::secrets::generated;

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
    /// Whether the cluster knows HTTPRoutes.
    pub http_routes_served: bool,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub monitoring_served: bool,
    /// Which other optional APIs it has.
    pub apis: Apis,
    /// What the pod of the last failed migration left behind.
    pub failure: Option<String>,
}

/// How often one Secret is asked for.
const TRIES: u32 = 4;
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(100);

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
    /// The pods of a failed migration.
    #[error("failed to list the pods of Job {job}: {}", said(.source))]
    Pods {
        /// Which Job.
        job: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// What is the same for every platform.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Release → image.
    pub images: BTreeMap<String, String>,
    /// Whether the cluster knows HTTPRoutes.
    pub http_routes_served: bool,
    /// Whether the cluster knows the kinds of the Prometheus operator.
    pub monitoring_served: bool,
    /// Which other optional APIs it has.
    pub apis: Apis,
}

/// Reads what is known of `resource`.
pub async fn fetch(context: &Context, resource: Arc<SocialPlatform>) -> Result<Cluster, Error> {
    let children = context.cache.children(&resource.namespace().unwrap_or_default(), &resource.name_any());
    let surroundings = Surroundings {
        images: context.images.catalog(),
        http_routes_served: context.cache.http_routes_served(),
        monitoring_served: context.cache.monitoring_served(),
        apis: context.apis.get().await,
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
    let name = resource.name_any();
    let namespace = resource.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &namespace);

    let mut referenced = BTreeMap::new();
    for name in references(&resource) {
        referenced.extend(get(&secrets, &name).await?.map(|secret| (name, secret)));
    }

    let ca_bundle = match &resource.spec.trust {
        Some(trust) => config_map(client, &namespace, &trust.ca_bundle_ref.name).await?,
        None => None,
    };

    let own_database = resource.spec.database.mode == DatabaseMode::Development;
    let own_object_store = resource.spec.object_store.mode == ObjectStoreMode::Development;
    let mut found = BTreeMap::new();
    for (name, _) in generated(&name, own_database, own_object_store) {
        let watched = children.secrets.iter().find(|secret| secret.metadata.name.as_deref() == Some(&*name));
        // One that is not watched may still exist: just made, or brought back from a backup without its labels.
        let secret = match watched {
            Some(secret) => Some(Secret::clone(secret)),
            None => get(&secrets, &name).await?,
        };
        found.extend(secret.map(|secret| (name, secret)));
    }

    let failed = attempts(&children.jobs)
        .into_iter()
        .filter(|attempt| matches!(attempt.state, State::Failed(_)) && attempt.version == resource.spec.version);
    let failure = match failed.max_by_key(|attempt| attempt.made) {
        Some(attempt) => Some(failure_of(client, &namespace, &attempt).await?),
        None => None,
    };

    Ok(Cluster {
        now: Timestamp::now(),
        images: surroundings.images,
        referenced,
        ca_bundle,
        generated: found,
        http_routes_served: surroundings.http_routes_served,
        monitoring_served: surroundings.monitoring_served,
        apis: surroundings.apis,
        children,
        failure,
        resource,
    })
}

/// The names of the Secrets that the resource refers to.
pub fn references(resource: &SocialPlatform) -> Vec<String> {
    let database = resource.spec.database.external.as_ref().map(|external| external.secret_ref.name.clone());
    let object_store = resource.spec.object_store.external.as_ref().map(|external| external.credentials_secret_ref.name.clone());
    let mail = resource.spec.mail.as_ref().and_then(|mail| mail.credentials_secret_ref.as_ref()).map(|secret| secret.name.clone());
    database.into_iter().chain(object_store).chain(mail).collect()
}

/// Asks again at once if there was no answer: a new platform takes a dozen of these, and one that fails would put off all.
async fn get(secrets: &Api<Secret>, name: &str) -> Result<Option<Secret>, Error> {
    let mut tries = 1;
    loop {
        match secrets.get_opt(name).await {
            Err(error) if tries < TRIES && !is_final(&error) => tries += 1,
            answer => return answer.map_err(|source| Error::Secret { name: name.to_owned(), source: Box::new(source) }),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Would asking again get the same answer?
fn is_final(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 401 || status.code == 403)
}

async fn config_map(client: &Client, namespace: &str, name: &str) -> Result<Option<ConfigMap>, Error> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    api.get_opt(name).await.map_err(|source| Error::ConfigMap { name: name.to_owned(), source: Box::new(source) })
}

/// The termination message of the Job's pod; what Kubernetes says of the Job, if the pod left none.
async fn failure_of(client: &Client, namespace: &str, attempt: &Attempt) -> Result<String, Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let selector = format!("batch.kubernetes.io/job-name={}", attempt.job);
    let pods = pods
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(|source| Error::Pods { job: attempt.job.clone(), source: Box::new(source) })?;
    let left = pods.iter().find_map(termination_message);
    Ok(left.unwrap_or_else(|| format!("it left no message; see the pods and events of Job {}", attempt.job)))
}

fn termination_message(pod: &Pod) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let ended = statuses.iter().find_map(|status| status.state.as_ref()?.terminated.as_ref())?;
    let message = ended.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    message.map(str::to_owned)
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
            http_routes_served: false,
            monitoring_served: false,
            apis: Apis::default(),
            failure: None,
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
