//! One reconcile, in five steps. Those without a client are pure functions, and tested without a cluster.

pub mod apply;
pub mod build;
pub mod conditions;
pub mod fetch;
pub mod report;
pub mod validate;
pub mod written;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use crate::apis::Known;
use crate::children::Cache;
use crate::crd::SocialPlatform;
use crate::events::Events;
use crate::images::Images;
use crate::secrets::Generator;

pub use apply::{Outcome, Progress};
pub use fetch::Cluster;
pub use report::Next;
pub use written::Written;

/// What the steps share.
pub struct Context {
    /// The API server.
    pub client: Client,
    /// What the platforms have in the cluster.
    pub cache: Cache,
    /// The catalog of images.
    pub images: Images,
    /// The optional APIs of the cluster.
    pub apis: Known,
    /// Where new keys and passwords come from.
    pub generator: Box<dyn Generator>,
    /// How long old passwords and keys are accepted beside new ones.
    pub rotation_overlap: Duration,
    /// Tells people what happened.
    pub events: Events,
    /// What was told last.
    pub written: Written,
}

/// Why a reconcile did not end. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first step.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// The fourth.
    #[error(transparent)]
    Apply(#[from] apply::Error),
    /// The fourth, in what nothing waits for.
    #[error(transparent)]
    Unwritten(apply::Error),
    /// The last.
    #[error(transparent)]
    Report(#[from] report::Error),
}

impl Error {
    /// Did it come further than before? Then it is not the same failure again.
    pub fn has_progressed(&self) -> bool {
        matches!(self, Self::Apply(error) | Self::Unwritten(error) if error.has_progressed())
    }

    /// Whether an object could not be written that others wait for; not known, if it came to none.
    pub fn is_held_up(&self) -> Option<bool> {
        match self {
            Self::Apply(_) => Some(true),
            Self::Unwritten(_) => Some(false),
            Self::Fetch(_) | Self::Report(_) => None,
        }
    }
}

/// Brings the cluster to what the resource says. Where an object cannot be written, that is told if it `is_news`.
pub async fn reconcile(context: &Context, resource: Arc<SocialPlatform>, is_news: bool) -> Result<Next, Error> {
    let cluster = fetch::fetch(context, resource).await?; // needs the API server
    if cluster.resource.is_paused() {
        return Ok(report::pause(context, &cluster).await?);
    }
    let platform = match validate::validate(&cluster) {
        Ok(platform) => platform,
        Err(problems) => return Ok(report::refuse(context, &cluster, &problems).await?),
    };
    let prepared = build::build(&platform, &*context.generator);
    let outcome = apply::apply(&context.client, &cluster, &platform, prepared).await; // needs the API server
    report::report(context, &cluster, &platform, outcome, is_news).await // needs the API server
}

/// What the API server said, in one line.
pub(crate) fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
