//! What a store gets wrong when a test asks for it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Method, StatusCode};

/// How a call of the store fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing is done, and the answer says so.
    Refused,
    /// It is done, and the line breaks before the answer.
    Lost,
    /// The line breaks in the middle of what is answered.
    Cut,
}

struct Planned {
    /// Calls that go well before others fail,
    spared: usize,
    /// and how many others: what comes after them goes well again.
    failing: usize,
    method: Method,
    fault: Fault,
}

/// Switches that all calls look at.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Planned>>>);

impl Faults {
    pub fn plan(&self, spared: usize, failing: usize, method: Method, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Planned { spared, failing, method, fault });
    }

    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Answers a call, or gets it wrong.
    pub async fn run(&self, request: Request, next: Next) -> Response {
        match self.next(request.method()) {
            None => next.run(request).await,
            Some(Fault::Refused) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Fault::Lost) => {
                next.run(request).await;
                // Before the head is sent, too.
                Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })).into_response()
            }
            Some(Fault::Cut) => {
                let (head, body) = next.run(request).await.into_parts();
                let bytes = to_bytes(body, usize::MAX).await.expect("a body");
                let rest = async {
                    // Until the first half is on its way.
                    tokio::task::yield_now().await;
                    Err(broken())
                };
                let half = stream::iter([Ok(bytes.slice(..bytes.len() / 2))]).chain(stream::once(rest));
                Response::from_parts(head, Body::from_stream(half))
            }
        }
    }

    fn next(&self, method: &Method) -> Option<Fault> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = planned.as_mut().filter(|planned| planned.method == *method)?;
        if let Some(spared) = planned.spared.checked_sub(1) {
            planned.spared = spared;
            return None;
        }
        planned.failing = planned.failing.checked_sub(1)?;
        Some(planned.fault)
    }
}

fn broken() -> io::Error {
    io::Error::other("the line broke")
}
