//! What is watched, what triggers a reconcile, and what follows a failed one.

mod backoff;
mod metrics;
mod queue;
mod strays;
mod watches;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{FutureExt, StreamExt, future};
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Action, Config, Error as ControllerError};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher;
use kube::{Client, ResourceExt};
use tokio::sync::{oneshot, watch};

use crate::apis::Known;
use crate::children::{Cache, Ended};
use crate::crd::SocialPlatform;
use crate::events;
use crate::images::Images;
use crate::reconcile::{self, Context, Next, Written};
use crate::resources::metadata::MANAGER;
use crate::secrets::SystemGenerator;
use crate::{certificate_metrics, condition_metrics, leader_metrics};
use backoff::{Backoff, Tried};
use metrics::Metrics;
use queue::Queue;
use watches::{Guarded, Scope, Watches};

/// Events that come together start one reconcile.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// How the operator runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespaces whose resources it looks after; all, if none.
    pub namespaces: Vec<String>,
    /// Its own namespace, where the catalog of images is.
    pub own_namespace: String,
    /// The ConfigMap with the catalog of images.
    pub images_config_map: Option<String>,
    /// Its pod, which events name as their source.
    pub instance: Option<String>,
    /// How often an unchanged resource is looked at, more or less.
    pub resync: Duration,
    /// How long one reconcile may take: the client alone would retry for a quarter of an hour.
    pub timeout: Duration,
    /// How many resources are reconciled at once.
    pub concurrency: u16,
    /// How long old passwords and keys are accepted beside new ones.
    pub rotation_overlap: Duration,
}

/// Why a resource was not reconciled.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Reconcile(#[from] reconcile::Error),
    #[error("failed to reconcile within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("failed to wait for the first list of a watch")]
    Stopping(#[from] Ended),
}

struct Controller {
    context: Context,
    backoff: Backoff,
    metrics: Arc<Metrics>,
    options: Options,
    /// The resources as they are now.
    platforms: Store<Guarded>,
    /// Whether everything that is watched has been listed.
    listed: watch::Receiver<bool>,
    /// Of all namespaces.
    queue: Arc<Queue>,
}

/// Runs the operator until `stop` resolves, and then lets the reconciles in flight end: one controller for each namespace,
/// or one for all. `ready` becomes true when everything that is watched has been listed.
pub async fn run(client: Client, options: Options, ready: watch::Sender<bool>, stop: impl Future<Output = ()> + Send + 'static) {
    let apis = Known::follow(client.clone());
    let metrics = Arc::new(Metrics::new());
    let queue = Arc::new(Queue::new(options.concurrency));
    queue.observe();
    leader_metrics::listed(false);
    let scopes = match options.namespaces.as_slice() {
        [] => vec![None],
        namespaces => namespaces.iter().cloned().map(Some).collect(),
    };
    let reporter = Reporter { controller: MANAGER.to_owned(), instance: options.instance.clone() };
    let (events, publisher) = events::events(Recorder::new(client.clone(), reporter));
    let mut stops = Vec::new();
    let mut lists = Vec::new();
    let mut controllers = Vec::new();
    for namespace in scopes {
        let scope = Scope { client: client.clone(), namespace };
        let Watches { controller, platforms, cache, images, strays } = watches::watches(&scope, &options, &apis);
        let (listing, listed) = watch::channel(false);
        lists.push(list(cache.clone(), images.clone(), listing));
        let context = Context {
            events: events.clone(),
            generator: Box::new(SystemGenerator),
            cache,
            images,
            apis: apis.clone(),
            client: client.clone(),
            rotation_overlap: options.rotation_overlap,
            written: Written::default(),
        };
        let shared = Controller {
            context,
            backoff: Backoff::default(),
            metrics: metrics.clone(),
            options: options.clone(),
            platforms,
            listed,
            queue: queue.clone(),
        };
        let (stopped, stopping) = oneshot::channel();
        stops.push(stopped);
        controllers.push(one(controller, Arc::new(shared), strays, stopping));
    }
    tokio::spawn(async move {
        stop.await;
        queue.close();
        for stopped in stops {
            // No receiver: the controller has ended by itself.
            let _ = stopped.send(());
        }
    });
    tokio::spawn(async move {
        if join_all(lists).await.into_iter().all(|listed| listed.is_ok()) {
            ready.send_replace(true);
            leader_metrics::listed(true);
            tracing::info!("everything that is watched has been listed");
        }
    });
    // Only those who reconcile tell anything: with the last of them the publisher ends.
    drop(events);
    let reconciling = async {
        join_all(controllers).await;
        tokio::time::sleep(events::LAST).await;
    };
    tokio::select! {
        () = publisher.run() => {}
        () = reconciling => {}
    }
}

/// Says when everything that is watched has been listed. Nobody else asks the stores: of those who wait for one, the runtime wakes the
/// last only (`DelayedInit` of kube-runtime 5.0).
async fn list(cache: Cache, images: Images, listing: watch::Sender<bool>) -> Result<(), Ended> {
    cache.ready().await?;
    images.ready().await?;
    listing.send_replace(true);
    Ok(())
}

/// Runs the controller of one namespace, or of all.
async fn one(
    controller: kube::runtime::Controller<Guarded>,
    shared: Arc<Controller>,
    strays: watch::Receiver<bool>,
    stopping: oneshot::Receiver<()>,
) {
    let stopping = stopping.map(drop).shared();
    // The runtime waits for the platforms to be listed even when it is asked to end, and then nobody lists them any more.
    let in_vain = async {
        stopping.clone().await;
        if shared.platforms.wait_until_ready().now_or_never().is_some() {
            future::pending().await
        }
    };
    let running = controller
        .with_config(Config::default().debounce(DEBOUNCE))
        .graceful_shutdown_on(stopping.clone())
        .run(reconcile, error_policy, shared.clone())
        .for_each(|result| {
            log(&shared, result);
            future::ready(())
        });
    tokio::select! {
        ((), ()) = future::join(running, strays::follow(&shared, strays)) => {}
        () = in_vain => {}
    }
}

async fn reconcile(guarded: Arc<Guarded>, controller: Arc<Controller>) -> Result<Action, Failure> {
    let platform = ObjectRef::from_obj(&*guarded);
    // What the try that failed has written is seen, and asks for the next one at once.
    if let Some(rest) = controller.backoff.rest(&platform) {
        return Ok(Action::requeue(rest));
    }
    // No time of any try: what there is has to be known first. A list that does not come must not keep the operator from ending.
    tokio::select! {
        listed = controller.listed() => listed?,
        () = controller.queue.closed() => return Ok(Action::await_change()),
    }
    let Some(_permit) = controller.queue.turn().await else { return Ok(Action::await_change()) };
    // It may have changed, or gone, while it waited for its turn.
    let Some(guarded) = controller.platforms.get(&platform) else {
        controller.backoff.forget(platform.namespace.as_deref(), &platform.name);
        controller.forget(platform.namespace.as_deref(), &platform.name);
        return Ok(Action::await_change());
    };
    let DeserializeGuard(resource) = &*guarded;
    let resource = match resource {
        Ok(resource) => resource,
        // The CRD does not let it in, so it is older than the CRD. One bad resource must not stop the others.
        Err(invalid) => {
            tracing::warn!(error = %invalid, "failed to read a SocialPlatform; write it again as its CRD says");
            return Ok(Action::await_change());
        }
    };
    // Whatever is made now would have to be deleted again.
    if resource.metadata.deletion_timestamp.is_some() {
        controller.forget(resource.metadata.namespace.as_deref(), &resource.name_any());
        return Ok(Action::await_change());
    }
    let start = Instant::now();
    let result = controller.attempt(&platform, resource).await;
    controller.metrics.record(start.elapsed(), result.as_ref().map(|next| next.wrote).ok());
    let next = result.inspect_err(|failure| controller.metrics.failed(failure))?;
    controller.backoff.succeeded(&platform);
    let usual = backoff::jittered(controller.options.resync);
    Ok(Action::requeue(next.within.map_or(usual, |within| within.min(usual))))
}

impl Controller {
    /// A platform is gone: its metrics go with it.
    fn forget(&self, namespace: Option<&str>, name: &str) {
        condition_metrics::forget(namespace.unwrap_or_default(), name);
        certificate_metrics::set(namespace.unwrap_or_default(), name, None);
        self.context.written.forget(namespace.unwrap_or_default(), name);
    }

    #[tracing::instrument(name = "reconcile", skip_all, fields(
        k8s.namespace.name = resource.metadata.namespace.as_deref(),
        socialplatform.name = resource.metadata.name.as_deref(),
        socialplatform.uid = resource.metadata.uid.as_deref(),
        socialplatform.generation = resource.metadata.generation,
        outcome = tracing::field::Empty,
    ))]
    async fn attempt(&self, platform: &ObjectRef<Guarded>, resource: &SocialPlatform) -> Result<Next, Failure> {
        let timeout = self.options.timeout;
        let is_news = self.backoff.is_news(platform);
        let work = async {
            let reconciled = reconcile::reconcile(&self.context, Arc::new(self.context.written.fresh(resource)), is_news);
            match tokio::time::timeout(timeout, reconciled).await {
                Ok(result) => result.map_err(Failure::from),
                Err(_) => Err(Failure::Timeout(timeout)),
            }
        };
        let result = telemetry::recorded(work, ToString::to_string)
            .await
            .inspect_err(|error| tracing::error!(%error, %platform, "reconcile failed; it is tried again"));
        tracing::Span::current().record("outcome", metrics::outcome(result.as_ref().map(|next| next.wrote).ok()));
        result
    }

    /// Resolves once everything that is watched has been listed.
    async fn listed(&self) -> Result<(), Failure> {
        let mut listed = self.listed.clone();
        let listed = listed.wait_for(|listed| *listed).await.map(drop);
        listed.map_err(|_| Failure::from(Ended)).inspect_err(|failure| self.metrics.failed(failure))
    }
}

fn error_policy(guarded: Arc<Guarded>, failure: &Failure, controller: Arc<Controller>) -> Action {
    let tried = match failure {
        Failure::Reconcile(error) => Tried { has_progressed: error.has_progressed(), is_held_up: error.is_held_up() },
        Failure::Timeout(_) | Failure::Stopping(_) => Tried::default(),
    };
    Action::requeue(controller.backoff.failed(&ObjectRef::from_obj(&*guarded), tried))
}

fn log(controller: &Controller, result: Result<(ObjectRef<Guarded>, Action), ControllerError<Failure, watcher::Error>>) {
    match result {
        Ok((platform, action)) => tracing::debug!(%platform, ?action, "reconciled"),
        // An object of a platform that is gone: what the deletion policy retains. Or a backup, which is told of as a stray.
        Err(ControllerError::ObjectNotFound(gone)) => {
            controller.backoff.forget(gone.namespace.as_deref(), &gone.name);
            controller.forget(gone.namespace.as_deref(), &gone.name);
        }
        Err(ControllerError::ReconcilerFailed(error @ Failure::Stopping(_), platform)) => {
            tracing::error!(%error, %platform, "reconcile failed; it is tried again");
        }
        // It was told of in its span.
        Err(ControllerError::ReconcilerFailed(..)) => {}
        Err(error) => tracing::warn!(%error, "a watch failed; it is tried again"),
    }
}
