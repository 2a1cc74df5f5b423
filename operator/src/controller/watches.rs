//! What is watched.
//!
//! ```text
//!   SocialPlatform (its spec) ─────────────────────────────► itself
//!   every kind of object of ours, by label ────────────────► the platform that its label names
//!   SocialPlatformBackups, whether they can be read or not ► the platform that they refer to
//!   Secrets labelled socialplatform.dev/reload=true ───────► the platforms that refer to them
//!   the ConfigMap with the catalog of images ──────────────► all platforms
//!   the optional APIs of the cluster, by asking ───────────► all platforms
//! ```
//!
//! Platforms are found by label and not by owner, because what the deletion policy retains has no owner. The streams are
//! our own and not `Controller::owns`, because a store has to be filled from the same events.

use std::fmt::Debug;

use futures::{FutureExt, Stream, StreamExt, future};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, PartialObjectMeta};
use kube::core::DeserializeGuard;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, watcher};
use kube::runtime::{Controller, Predicate, PredicateConfig, WatchStreamExt, predicates};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::Options;
use crate::apis::{Known, Served, until_served};
use crate::backups::StoredBackup;
use crate::children::{Cache, Optional};
use crate::crd::SocialPlatform;
use crate::images::Images;
use crate::reconcile::fetch::references;
use crate::resources::metadata::{INSTANCE, MANAGED_BY, MANAGER, RELOAD};

/// A resource, or why it could not be read.
pub(super) type Guarded = DeserializeGuard<SocialPlatform>;

/// Where the operator looks.
pub(super) struct Scope {
    /// The API server.
    pub(super) client: Client,
    /// One namespace, or all.
    pub(super) namespace: Option<String>,
}

impl Scope {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }
}

/// The controller with its watches, and what they fill.
pub(super) struct Watches {
    pub(super) controller: Controller<Guarded>,
    pub(super) cache: Cache,
    pub(super) images: Images,
}

/// Sets up everything that is watched.
pub(super) fn watches(scope: &Scope, options: &Options, apis: &Known) -> Watches {
    let (platforms, writer) = reflector::store::<Guarded>();
    // Our own status is no reason to look again; a spec is.
    let specs = watcher(scope.api::<Guarded>(), watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .applied_objects()
        // A person asks for a reconcile by touching an annotation; our own writes of the status change neither.
        .predicate_filter(predicates::generation.combine(predicates::annotations), PredicateConfig::default());
    let controller = Controller::for_stream(logged(specs), platforms.clone());

    let controller = controller.watches_stream(reloadable(scope), move |secret| referring(&platforms, &secret));
    let (controller, images) = catalog(controller, scope, options);
    let controller = controller.reconcile_all_on(apis.changes());

    let (controller, service_accounts) = children(controller, scope);
    let (controller, secrets) = children(controller, scope);
    let (controller, config_maps) = children(controller, scope);
    let (controller, network_policies) = children(controller, scope);
    let (controller, disruption_budgets) = children(controller, scope);
    let (controller, services) = children(controller, scope);
    let (controller, volume_claims) = children(controller, scope);
    let (controller, deployments) = children(controller, scope);
    let (controller, autoscalers) = children(controller, scope);
    let (controller, jobs) = children(controller, scope);
    let (controller, ingresses) = children(controller, scope);
    let (controller, http_routes) = optional(controller, scope, ours(), platform_of);
    let (controller, prometheus_rules) = optional(controller, scope, ours(), platform_of);
    let (controller, service_monitors) = optional(controller, scope, ours(), platform_of);
    let (controller, certificates) = optional(controller, scope, ours(), platform_of);
    let (controller, postgres_clusters) = optional(controller, scope, ours(), platform_of);
    // Whoever makes them, each names its platform.
    let (controller, backups) = optional(controller, scope, watcher::Config::default(), backed_up);
    let cache = Cache {
        service_accounts,
        secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        deployments,
        autoscalers,
        jobs,
        ingresses,
        http_routes,
        prometheus_rules,
        service_monitors,
        certificates,
        postgres_clusters,
        backups,
    };
    Watches { controller, cache, images }
}

/// Watches one kind of object of ours.
fn children<K>(controller: Controller<Guarded>, scope: &Scope) -> (Controller<Guarded>, Store<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    (controller.watches_stream(reflected(scope.api(), ours(), writer), platform_of::<K>), store)
}

/// Watches a kind that the cluster may not know from the moment that it does.
fn optional<K>(
    controller: Controller<Guarded>,
    scope: &Scope,
    which: watcher::Config,
    platform: fn(K) -> Option<ObjectRef<Guarded>>,
) -> (Controller<Guarded>, Optional<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let (answer, served) = Served::unknown();
    let (known, is_known) = oneshot::channel();
    let (api, client) = (scope.api::<K>(), scope.client.clone());
    let objects = async move {
        until_served::<K>(&client, &answer).await;
        // No receiver: the controller is ending.
        let _ = known.send(());
        reflected(api, which, writer)
    };
    // What could not be made before can be made from then on.
    let controller = controller.reconcile_all_on(is_known.into_stream().filter_map(|known| future::ready(known.ok())));
    (controller.watches_stream(objects.flatten_stream(), platform), Optional { store, served })
}

/// Watches the catalog of images, if there is one.
fn catalog(controller: Controller<Guarded>, scope: &Scope, options: &Options) -> (Controller<Guarded>, Images) {
    let Some(name) = &options.images_config_map else { return (controller, Images::new(None)) };
    let (store, writer) = reflector::store();
    let api: Api<ConfigMap> = Api::namespaced(scope.client.clone(), &options.own_namespace);
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let changes = reflected(api, config, writer).map(|_| ());
    (controller.reconcile_all_on(changes), Images::new(Some(store)))
}

/// The Secrets of others whose changes take effect at once. Their contents stay in the API server until they are needed.
fn reloadable(scope: &Scope) -> impl Stream<Item = watcher::Result<PartialObjectMeta<Secret>>> + Send + use<> {
    let config = watcher::Config::default().labels(&format!("{RELOAD}=true"));
    logged(watcher(scope.api::<PartialObjectMeta<Secret>>(), config).default_backoff().touched_objects())
}

fn referring(platforms: &Store<Guarded>, secret: &PartialObjectMeta<Secret>) -> Vec<ObjectRef<Guarded>> {
    let name = secret.name_any();
    let refers = |platform: &Guarded| match &platform.0 {
        Ok(resource) => resource.metadata.namespace == secret.metadata.namespace && references(resource).contains(&name),
        Err(_) => false,
    };
    platforms.state_filter(refers).iter().map(|platform| ObjectRef::from_obj(&**platform)).collect()
}

fn ours() -> watcher::Config {
    watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER}"))
}

/// Everything that happens to the objects of `api`, once it is in the store; deletions too.
fn reflected<K>(api: Api<K>, config: watcher::Config, writer: Writer<K>) -> impl Stream<Item = watcher::Result<K>> + Send + 'static
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let stream = watcher(api, config)
        .default_backoff()
        // A third of each object in memory, and no use here.
        .modify(|object: &mut K| object.meta_mut().managed_fields = None)
        .reflect(writer)
        .touched_objects();
    logged(stream)
}

/// The stream without its errors, which go into the log: passed on, one failing watch would hold up all others.
fn logged<K>(stream: impl Stream<Item = watcher::Result<K>> + Send) -> impl Stream<Item = watcher::Result<K>> + Send
where
    K: Resource<DynamicType = ()> + Send,
{
    stream.filter(|item| {
        if let Err(error) = item {
            tracing::warn!(kind = %K::kind(&()), %error, "failed to watch; it is tried again");
        }
        future::ready(item.is_ok())
    })
}

/// The platform that a backup is of.
fn backed_up(backup: StoredBackup) -> Option<ObjectRef<Guarded>> {
    if let StoredBackup::Unreadable(backup) = &backup {
        tracing::warn!(
            backup = backup.metadata.name,
            namespace = backup.metadata.namespace,
            error = backup.error,
            "failed to read a backup"
        );
    }
    Some(ObjectRef::new(backup.platform()?).within(backup.meta().namespace.as_deref()?))
}

/// The platform whose name an object of ours bears.
fn platform_of<K: Resource>(object: K) -> Option<ObjectRef<Guarded>> {
    let name = object.labels().get(INSTANCE)?;
    Some(ObjectRef::new(name).within(object.meta().namespace.as_deref()?))
}
