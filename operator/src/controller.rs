//! What is watched, what triggers a reconcile, and what follows a failed one.

mod backoff;
mod metrics;
mod watches;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Action, Config, Error as ControllerError};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::reflector::store::WriterDropped;
use kube::runtime::watcher;
use kube::{Client, ResourceExt};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::apis::Known;
use crate::crd::SocialPlatform;
use crate::reconcile::{self, Context, Next};
use crate::resources::metadata::MANAGER;
use crate::secrets::SystemGenerator;
use crate::{certificate_metrics, condition_metrics};
use backoff::Backoff;
use metrics::Metrics;
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
    Stopping(#[from] WriterDropped),
}

struct Controller {
    context: Context,
    backoff: Backoff,
    metrics: Arc<Metrics>,
    options: Options,
    /// How many more reconciles may run, over all namespaces.
    permits: Arc<Semaphore>,
}

/// Runs the operator until `stop` resolves, and then lets the reconciles in flight end: one controller for each namespace,
/// or one for all. `ready` becomes true when everything that is watched has been listed.
pub async fn run(client: Client, options: Options, ready: watch::Sender<bool>, stop: impl Future<Output = ()> + Send + 'static) {
    let apis = Known::follow(client.clone());
    let metrics = Arc::new(Metrics::new());
    let permits = Arc::new(Semaphore::new(options.concurrency.into()));
    let scopes = match options.namespaces.as_slice() {
        [] => vec![None],
        namespaces => namespaces.iter().cloned().map(Some).collect(),
    };
    let mut stops = Vec::new();
    let mut lists = Vec::new();
    let mut controllers = Vec::new();
    for namespace in scopes {
        let scope = Scope { client: client.clone(), namespace };
        let Watches { controller, cache, images } = watches::watches(&scope, &options, &apis);
        lists.push((cache.clone(), images.clone()));
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: options.instance.clone() };
        let context = Context {
            recorder: Recorder::new(client.clone(), reporter),
            generator: Box::new(SystemGenerator),
            cache,
            images,
            apis: apis.clone(),
            client: client.clone(),
            rotation_overlap: options.rotation_overlap,
        };
        let shared = Controller {
            context,
            backoff: Backoff::default(),
            metrics: metrics.clone(),
            options: options.clone(),
            permits: permits.clone(),
        };
        let (stopped, stopping) = oneshot::channel();
        stops.push(stopped);
        controllers.push(one(controller, Arc::new(shared), stopping));
    }
    tokio::spawn(async move {
        stop.await;
        for stopped in stops {
            // No receiver: the controller has ended by itself.
            let _ = stopped.send(());
        }
    });
    tokio::spawn(async move {
        for (cache, images) in lists {
            if cache.ready().await.is_err() || images.ready().await.is_err() {
                return;
            }
        }
        ready.send_replace(true);
        tracing::info!("everything that is watched has been listed");
    });
    join_all(controllers).await;
}

/// Runs the controller of one namespace, or of all.
async fn one(controller: kube::runtime::Controller<Guarded>, shared: Arc<Controller>, stopping: oneshot::Receiver<()>) {
    controller
        .with_config(Config::default().debounce(DEBOUNCE).concurrency(shared.options.concurrency))
        .graceful_shutdown_on(stopping.map(drop))
        .run(reconcile, error_policy, shared.clone())
        .for_each(|result| {
            log(&shared, result);
            futures::future::ready(())
        })
        .await;
}

async fn reconcile(guarded: Arc<Guarded>, controller: Arc<Controller>) -> Result<Action, Failure> {
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
        forget(resource.metadata.namespace.as_deref(), &resource.name_any());
        return Ok(Action::await_change());
    }
    // Never closed, so there is always a permit in the end.
    let _permit = controller.permits.acquire().await;
    let start = Instant::now();
    let timeout = controller.options.timeout;
    let attempt = tokio::time::timeout(timeout, controller.attempt(resource)).await;
    let result = attempt.unwrap_or(Err(Failure::Timeout(timeout)));
    controller.metrics.record(start.elapsed(), result.as_ref().map(|next| next.wrote).ok());
    let next = result?;
    controller.backoff.succeeded(&ObjectRef::from_obj(&*guarded));
    let usual = backoff::jittered(controller.options.resync);
    Ok(Action::requeue(next.within.map_or(usual, |within| within.min(usual))))
}

/// A platform is gone: its metrics go with it.
fn forget(namespace: Option<&str>, name: &str) {
    condition_metrics::forget(namespace.unwrap_or_default(), name);
    certificate_metrics::set(namespace.unwrap_or_default(), name, None);
}

impl Controller {
    #[tracing::instrument(name = "reconcile", skip_all, fields(
        k8s.namespace.name = resource.metadata.namespace.as_deref(),
        socialplatform.name = resource.metadata.name.as_deref(),
        socialplatform.uid = resource.metadata.uid.as_deref(),
        socialplatform.generation = resource.metadata.generation,
        outcome = tracing::field::Empty,
    ))]
    async fn attempt(&self, resource: &SocialPlatform) -> Result<Next, Failure> {
        let result = telemetry::recorded(self.when_listed(resource)).await;
        tracing::Span::current().record("outcome", metrics::outcome(result.as_ref().map(|next| next.wrote).ok()));
        result
    }

    async fn when_listed(&self, resource: &SocialPlatform) -> Result<Next, Failure> {
        self.context.cache.ready().await?;
        self.context.images.ready().await?;
        Ok(reconcile::reconcile(&self.context, Arc::new(resource.clone())).await?)
    }
}

fn error_policy(guarded: Arc<Guarded>, failure: &Failure, controller: Arc<Controller>) -> Action {
    let platform = ObjectRef::from_obj(&*guarded);
    if matches!(failure, Failure::Reconcile(error) if error.has_progressed()) {
        controller.backoff.succeeded(&platform);
    }
    Action::requeue(controller.backoff.failed(&platform))
}

fn log(controller: &Controller, result: Result<(ObjectRef<Guarded>, Action), ControllerError<Failure, watcher::Error>>) {
    match result {
        Ok((platform, action)) => tracing::debug!(%platform, ?action, "reconciled"),
        // An object of a platform that is gone: what the deletion policy retains.
        Err(ControllerError::ObjectNotFound(gone)) => {
            controller.backoff.forget(gone.namespace.as_deref(), &gone.name);
            forget(gone.namespace.as_deref(), &gone.name);
        }
        Err(ControllerError::ReconcilerFailed(error, platform)) => {
            tracing::error!(error = %error, %platform, "reconcile failed; it is tried again");
        }
        Err(error) => tracing::warn!(%error, "a watch failed; it is tried again"),
    }
}
