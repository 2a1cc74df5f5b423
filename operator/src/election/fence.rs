//! A client that writes only while the Lease is held.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::TryFutureExt;
use futures::future::{Either, ErrInto, Ready, ready};
use http::{Method, Request};
use kube::client::Body;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// Until when writes are let through; a layer of the client. It must be the outermost one of a client that does not retry by
/// itself, or a write may be repeated behind it.
#[derive(Clone, Default)]
pub struct Fence(Arc<Mutex<Option<Instant>>>);

/// A write that came too late.
#[derive(Debug, thiserror::Error)]
#[error("the Lease is not held: nothing may be written")]
pub struct NotHeld;

impl Fence {
    /// Lets writes through until `deadline`.
    pub fn open_until(&self, deadline: Instant) {
        *self.0.lock().expect("no holder panics") = Some(deadline);
    }

    /// Lets no more writes through.
    pub fn close(&self) {
        *self.0.lock().expect("no holder panics") = None;
    }

    pub(super) fn lets_through(&self, method: &Method) -> bool {
        *method == Method::GET || self.0.lock().expect("no holder panics").is_some_and(|deadline| Instant::now() < deadline)
    }
}

impl<S> Layer<S> for Fence {
    type Service = Fenced<S>;

    fn layer(&self, inner: S) -> Fenced<S> {
        Fenced { inner, fence: self.clone() }
    }
}

/// A service behind a [`Fence`].
pub struct Fenced<S> {
    inner: S,
    fence: Fence,
}

impl<S> Service<Request<Body>> for Fenced<S>
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, ErrInto<S::Future, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.fence.lets_through(request.method()) {
            true => Either::Right(self.inner.call(request).err_into()),
            false => Either::Left(ready(Err(NotHeld.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use tower::ServiceExt;
    use tower::service_fn;

    use super::*;

    async fn passes(fence: &Fence, method: Method) -> bool {
        let server = service_fn(|_: Request<Body>| ready(Ok::<_, Infallible>(())));
        let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
        fence.layer(server).oneshot(request).await.is_ok()
    }

    #[tokio::test]
    async fn reads_always_pass_and_writes_while_the_lease_is_held() {
        let fence = Fence::default();
        assert!(passes(&fence, Method::GET).await);
        assert!(!passes(&fence, Method::PATCH).await);
        fence.open_until(Instant::now() + Duration::from_secs(60));
        for method in [Method::PATCH, Method::POST, Method::PUT, Method::DELETE] {
            assert!(passes(&fence, method).await);
        }
        fence.open_until(Instant::now());
        assert!(!passes(&fence, Method::DELETE).await);
        fence.open_until(Instant::now() + Duration::from_secs(60));
        fence.close();
        assert!(!passes(&fence, Method::PATCH).await);
    }
}
