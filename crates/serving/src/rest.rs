//! The rest of a body that its handler did not read.
//!
//! A request that is refused early leaves its body on the way. HTTP/1.1 has no way to say "stop": were the connection closed,
//! whoever is still sending would see a reset instead of the answer, and a proxy such as nginx makes a 502 of it. So the rest is
//! read, within bounds, before the answer goes out.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// The most that is read of what nobody wants.
const MOST: u64 = 24 << 20;
/// The longest that it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that outlives its handler.
struct Kept {
    body: Mutex<Body>,
    asked_for: AtomicBool,
}

/// The handler's end of it.
struct Shared(Arc<Kept>);

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.0.asked_for.store(true, Ordering::Relaxed);
        Pin::new(&mut *self.0.body.lock().expect("no holder panics")).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.body.lock().expect("no holder panics").is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.body.lock().expect("no holder panics").size_hint()
    }
}

/// Answers when the body is read, by the handler or here.
pub(crate) async fn read(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits_to_be_asked = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let kept = Arc::new(Kept { body: Mutex::new(body), asked_for: AtomicBool::new(false) });
    let response = next.run(Request::from_parts(parts, Body::new(Shared(kept.clone())))).await;
    // Some handler may go on reading while it answers: then it is theirs.
    if let Some(Kept { body, asked_for }) = Arc::into_inner(kept) {
        // Who sent `Expect: 100-continue` and was not asked has sent nothing, and must not be asked now.
        if !waits_to_be_asked || asked_for.into_inner() {
            drain(body.into_inner().expect("no holder panics")).await;
        }
    }
    response
}

async fn drain(mut body: Body) {
    if body.size_hint().lower() > MOST {
        return;
    }
    let rest = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
            if read > MOST {
                break;
            }
        }
    };
    let _ = timeout(PATIENCE, rest).await;
}
