//! The connection that a request came over, for answers that go on and on.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};

/// Whoever keeps this keeps the connection's place among those that are open, so that one which became a WebSocket counts,
/// and a shutdown waits for it.
#[derive(Clone, Debug, Default)]
pub struct Connection(Option<Line>);

#[derive(Clone, Debug)]
struct Line {
    closed: watch::Receiver<bool>,
    cut: Arc<Notify>,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Connection {
    pub(crate) fn new(place: OwnedSemaphorePermit, closed: watch::Receiver<bool>) -> Self {
        Self(Some(Line { closed, cut: Arc::default(), _place: Arc::new(place) }))
    }

    /// Tells of each [`cut`](Self::cut).
    pub(crate) fn cuts(&self) -> Arc<Notify> {
        self.0.as_ref().map(|line| line.cut.clone()).unwrap_or_default()
    }

    /// Resolves when the service stops: an answer that goes on has to end now.
    pub async fn closing(&mut self) {
        if let Some(line) = &mut self.0
            && line.closed.wait_for(|closed| *closed).await.is_ok()
        {
            return;
        }
        // A call inside one process has no connection that could close.
        std::future::pending().await
    }

    /// Breaks the connection off: its client has stopped reading. One that became a WebSocket is broken off by dropping it.
    pub fn cut(&self) {
        if let Some(line) = &self.0 {
            line.cut.notify_one();
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
