//! What is watched.
//!
//! ```text
//!   SocialPlatform (its spec) ─────────────────────────────► itself
//!   every kind of object of ours, by label ────────────────► the platform that its label names
//!   SocialPlatformBackups, whether they can be read or not ► the platform that they refer to, and those that have none
//!   SocialPlatforms that go ───────────────────────────────► the backups that have none
//!   Secrets labelled socialplatform.dev/reload=true ───────► the platforms that refer to them
//!   the ConfigMap with the catalog of images ──────────────► all platforms
//!   the optional APIs of the cluster, by asking ───────────► all platforms
//!   a new list, where a watch could not go on ─────────────► all platforms, once it is known
//! ```
//!
//! Platforms are found by label and not by owner, because what the deletion policy retains has no owner. The streams are
//! our own and not `Controller::owns`, because a store has to be filled from the same events.

use std::fmt::Debug;
use std::mem;

use futures::{FutureExt, Stream, StreamExt, future, stream};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, PartialObjectMeta};
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, watcher};
use kube::runtime::{Controller, Predicate, PredicateConfig, WatchStreamExt, predicates};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};

use super::{Options, metrics};
use crate::apis::{Known, Served, until_served};
use crate::backups::StoredBackup;
use crate::children::{Backups, Cache, Keeper, Kept, Optional, kept};
use crate::crd::SocialPlatform;
use crate::drift_metrics;
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

/// Objects of one answer while a watch begins. All kinds are listed at once, and an answer takes many times the memory of what is
/// kept of it.
const PAGE: u32 = 100;

/// The controller with its watches, and what they fill.
pub(super) struct Watches {
    pub(super) controller: Controller<Guarded>,
    pub(super) platforms: Store<Guarded>,
    pub(super) cache: Cache,
    pub(super) images: Images,
    /// Changes with every backup and when a platform goes; true from when the platforms have been listed.
    pub(super) strays: watch::Receiver<bool>,
}

/// Sets up everything that is watched.
pub(super) fn watches(scope: &Scope, options: &Options, apis: &Known) -> Watches {
    let (platforms, writer) = reflector::store::<Guarded>();
    let (strays_change, strays) = watch::channel(false);
    let backups_change = strays_change.clone();
    let relists = Relists::default();
    let (of_platforms, of_backups) = (relists.clone(), relists.clone());
    // Our own status is no reason to look again; a spec is.
    let specs = pruned(scope.api::<Guarded>(), watcher::Config::default().page_size(PAGE))
        .reflect(writer)
        .inspect(move |event| match event {
            // A new list tells as well, without a word, of those that went meanwhile.
            Ok(watcher::Event::InitDone) => of_platforms.ended(strays_change.send_replace(true)),
            Ok(watcher::Event::Delete(_)) => strays_change.send_modify(|_| ()),
            Ok(_) | Err(_) => {}
        })
        .applied_objects()
        // A person asks for a reconcile by touching an annotation; our own writes of the status change neither.
        .predicate_filter(predicates::generation.combine(predicates::annotations), PredicateConfig::default());
    let controller = Controller::for_stream(logged(specs), platforms.clone());

    let all = platforms.clone();
    let controller = controller.watches_stream(reloadable(scope), move |secret| referring(&all, &secret));
    let (controller, images) = catalog(controller, scope, options);
    let controller = controller.reconcile_all_on(apis.changes()).reconcile_all_on(relists.all());

    let (controller, service_accounts) = children(controller, scope, &relists);
    let (controller, secrets) = children(controller, scope, &relists);
    let (controller, config_maps) = children(controller, scope, &relists);
    let (controller, network_policies) = children(controller, scope, &relists);
    let (controller, disruption_budgets) = children(controller, scope, &relists);
    let (controller, services) = children(controller, scope, &relists);
    let (controller, volume_claims) = children(controller, scope, &relists);
    let (controller, deployments) = children(controller, scope, &relists);
    let (controller, autoscalers) = children(controller, scope, &relists);
    let (controller, jobs) = children(controller, scope, &relists);
    let (controller, ingresses) = children(controller, scope, &relists);
    let (controller, http_routes) = optional_children(controller, scope, &relists);
    let (controller, prometheus_rules) = optional_children(controller, scope, &relists);
    let (controller, service_monitors) = optional_children(controller, scope, &relists);
    let (controller, certificates) = optional_children(controller, scope, &relists);
    let (controller, postgres_clusters) = optional_children(controller, scope, &relists);
    // Whoever makes them, each names its platform.
    let (store, writer) = reflector::store();
    let all = move |api: Api<StoredBackup>| {
        let events = pruned(api, watcher::Config::default()).reflect(writer);
        let mut known = false;
        let heard = move |event: &watcher::Result<watcher::Event<StoredBackup>>| {
            if let Ok(watcher::Event::InitDone) = event {
                of_backups.ended(mem::replace(&mut known, true));
            }
            backups_change.send_modify(|_| ());
        };
        logged(events.inspect(heard).touched_objects())
    };
    let (controller, served) = optional(controller, scope, all, backed_up);
    let backups = Backups { store, served };
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
    Watches { controller, platforms, cache, images, strays }
}

/// Watches one kind of object of ours.
fn children<K>(controller: Controller<Guarded>, scope: &Scope, relists: &Relists) -> (Controller<Guarded>, Kept<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let (kept, keeper) = kept();
    drift_metrics::corrected(&K::kind(&()), 0);
    (controller.watches_stream(remembered(scope.api(), keeper, relists.clone()), platform_of::<K>), kept)
}

/// Watches one kind of object of ours that the cluster may not know.
fn optional_children<K>(controller: Controller<Guarded>, scope: &Scope, relists: &Relists) -> (Controller<Guarded>, Optional<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let (kept, keeper) = kept();
    drift_metrics::corrected(&K::kind(&()), 0);
    let relists = relists.clone();
    let (controller, served) = optional(controller, scope, |api| remembered(api, keeper, relists), platform_of);
    (controller, Optional { kept, served })
}

/// Watches a kind that the cluster may not know from the moment that it does.
fn optional<K, S>(
    controller: Controller<Guarded>,
    scope: &Scope,
    objects: impl FnOnce(Api<K>) -> S + Send + 'static,
    platform: fn(K) -> Option<ObjectRef<Guarded>>,
) -> (Controller<Guarded>, Served)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + DeserializeOwned + Send + 'static,
    S: Stream<Item = watcher::Result<K>> + Send + 'static,
{
    let (answer, served) = Served::unknown();
    let (known, is_known) = oneshot::channel();
    let (api, client) = (scope.api::<K>(), scope.client.clone());
    let objects = async move {
        until_served::<K>(&client, &answer).await;
        // No receiver: the controller is ending.
        let _ = known.send(());
        objects(api)
    };
    // What could not be made before can be made from then on.
    let controller = controller.reconcile_all_on(is_known.into_stream().filter_map(|known| future::ready(known.ok())));
    (controller.watches_stream(objects.flatten_stream(), platform), served)
}

/// Watches the catalog of images, if there is one.
fn catalog(controller: Controller<Guarded>, scope: &Scope, options: &Options) -> (Controller<Guarded>, Images) {
    let Some(name) = &options.images_config_map else { return (controller, Images::new(None)) };
    let (store, writer) = reflector::store();
    let api: Api<ConfigMap> = Api::namespaced(scope.client.clone(), &options.own_namespace);
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let changes = logged(pruned(api, config).reflect(writer).touched_objects()).map(|_| ());
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
    watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER}")).page_size(PAGE)
}

/// Everything that happens to the objects of ours of one kind, once it is remembered; deletions too.
fn remembered<K>(api: Api<K>, mut keeper: Keeper<K>, relists: Relists) -> impl Stream<Item = watcher::Result<K>> + Send + 'static
where
    K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let events = pruned(api, ours()).inspect(move |event| {
        if let Ok(event) = event {
            relists.ended(keeper.hear(event));
        }
    });
    logged(events.touched_objects())
}

/// What happens to the objects of `api`, without who wrote which field: a third of each object in memory, and no use here.
fn pruned<K>(api: Api<K>, config: watcher::Config) -> impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send + 'static
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    watcher(api, config).default_backoff().modify(|object: &mut K| object.meta_mut().managed_fields = None)
}

/// The stream without its errors, which go into the log: passed on, one failing watch would hold up all others.
fn logged<K>(stream: impl Stream<Item = watcher::Result<K>> + Send) -> impl Stream<Item = watcher::Result<K>> + Send
where
    K: Resource<DynamicType = ()> + Send,
{
    metrics::watch_restarted(&K::kind(&()), 0);
    stream.filter(|item| {
        if let Err(error) = item {
            metrics::watch_restarted(&K::kind(&()), 1);
            tracing::warn!(kind = %K::kind(&()), %error, "failed to watch; it is tried again");
        }
        future::ready(item.is_ok())
    })
}

/// Tells of lists that took the place of older ones. Each object of such a list is passed on before the list counts, and what went
/// meanwhile is not passed on at all; so all platforms are looked at once more when it does.
#[derive(Clone)]
struct Relists(watch::Sender<()>);

impl Default for Relists {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Relists {
    /// Something was heard; was it that a list counts in the place of an older one?
    fn ended(&self, is_another: bool) {
        if is_another {
            self.0.send_replace(());
        }
    }

    /// One item for each, or for some that come together.
    fn all(&self) -> impl Stream<Item = ()> + Send + use<> {
        stream::unfold(self.0.subscribe(), async |mut heard| heard.changed().await.ok().map(|()| ((), heard)))
    }
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
