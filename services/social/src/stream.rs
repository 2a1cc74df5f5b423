//! What happens, told while it happens.
//!
//! ```text
//!  a write ─► stream_events (no place)      every replica
//!               │ sequence                    │
//!               ▼                             ▼
//!             position 41, 42 ──NOTIFY──► hub: who of the connected? ─► a bounded queue each ─► feed: read as that
//!                                                                         │                     viewer, send
//!                                                                         └ full: cut, and resumed from the position
//! ```
//!
//! Events are made by triggers, in the transaction of what they tell. They hold ids; whether a connected person may know is
//! asked by the hub (`at_home`, `may_see`) and once more by the feed, which reads every post and notification as that
//! person, at the moment when it is sent.
//!
//! Positions are given to committed rows only, one sequencer at a time, for the reason that `crates/facts` gives: a client
//! that comes back with `Last-Event-ID: 41` must not miss an event whose transaction was still running when 41 was sent. What it
//! sees is not 41 but a number behind which only the database finds it (`0083_veiled.sql`).

mod hub;
pub(crate) mod metrics;
mod sequence;

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{Semaphore, watch};

pub(crate) use hub::{Hub, Refused, Subscription};
pub(crate) use sequence::run;

use crate::Social;

/// The channel on which new positions are announced.
pub(crate) const CHANNEL: &str = "social_stream";
/// How long events are kept for whoever comes back.
const KEEP: &str = "1 hour";
/// Database connections that all feeds together use at a time, so that they leave enough to everybody else.
const READS: usize = 4;
/// How soon an event is found when a hint was lost.
const POLL: Duration = Duration::from_millis(250);

/// What streams of one replica share.
pub(crate) struct Live {
    pub(crate) hub: Hub,
    pub(crate) reads: Semaphore,
    written: watch::Sender<()>,
}

impl Live {
    pub(crate) fn new() -> Self {
        metrics::begin();
        Self { hub: Hub::default(), reads: Semaphore::new(READS), written: watch::Sender::new(()) }
    }

    /// Hints that something was written.
    pub(crate) fn written(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }
}

/// A request that has written may have made events, and posts to deliver: nobody has to wait until they are looked for.
pub(crate) async fn hint_after_writes(State(Social(social)): State<Social>, request: Request, next: Next) -> Response {
    let writes = !request.method().is_safe();
    let response = next.run(request).await;
    if writes && response.status().is_success() {
        social.live.written.send_replace(());
    }
    response
}
