//! What people are told in events. They are written beside the reconciles, one after the other: a status is not late because
//! the API server takes its time for an event.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, Recorder};
use tokio::sync::mpsc;

use crate::connection::within;
use crate::reconcile::said;

/// So many may wait to be written. Who has another one to tell waits too: none is lost, and memory is bounded.
const WAITING: usize = 1024;
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long what still waits may take once nobody has anything more to tell.
pub const LAST: Duration = Duration::from_secs(5);

/// Takes events, to be written soon.
#[derive(Clone)]
pub struct Events(mpsc::Sender<(Event, ObjectReference)>);

/// Writes them.
pub struct Publisher {
    recorder: Recorder,
    told: mpsc::Receiver<(Event, ObjectReference)>,
}

/// Both ends, for events that `recorder` writes.
pub fn events(recorder: Recorder) -> (Events, Publisher) {
    let (events, told) = mpsc::channel(WAITING);
    (Events(events), Publisher { recorder, told })
}

impl Events {
    /// Tells something about an object.
    pub async fn tell(&self, event: Event, about: ObjectReference) {
        // No publisher: the operator ends.
        let _ = self.0.send((event, about)).await;
    }
}

impl Publisher {
    /// Runs until nobody can tell anything more, and all has been written. An event that cannot be written is not worth a retry.
    pub async fn run(mut self) {
        while let Some((event, about)) = self.told.recv().await {
            if let Err(error) = within(LIMIT, self.recorder.publish(&event, &about)).await {
                tracing::warn!(error = said(&error), "failed to publish an event");
            }
        }
    }
}
