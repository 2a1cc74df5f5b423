//! What people are told in events. They are written beside the reconciles, one after the other: a status is not late because
//! the API server takes its time for an event.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, Recorder};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::connection::within;
use crate::reconcile::said;

/// So many may wait to be written, half a kilobyte each: those of a thousand platforms that change at once. What is beyond is not told:
/// an API server that takes no events must not hold up reconciles.
const WAITING: usize = 8192;
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
    pub fn tell(&self, event: Event, about: ObjectReference) {
        // No publisher: the operator ends.
        if let Err(TrySendError::Full((event, about))) = self.0.try_send((event, about)) {
            tracing::warn!(reason = event.reason, object = about.name, "failed to tell of an event: too many wait");
        }
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

#[cfg(test)]
mod tests {
    use kube::Client;
    use kube::runtime::events::EventType;

    use super::*;

    #[tokio::test]
    async fn who_tells_more_than_is_written_does_not_wait() {
        let mut config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        // No authority is needed, nor asked for those of the machine.
        config.root_cert = Some(Vec::new());
        let client = Client::try_from(config).unwrap();
        let (events, publisher) = events(Recorder::new(client, "test".to_owned().into()));
        let news =
            || Event { type_: EventType::Normal, reason: "Told".to_owned(), note: None, action: "Ready".to_owned(), secondary: None };
        for _ in 0..=WAITING {
            events.tell(news(), ObjectReference::default());
        }
        assert_eq!(publisher.told.len(), WAITING);
    }
}
