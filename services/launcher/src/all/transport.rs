//! A call to a neighbor in the same process.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use contracts::client::{Transport, TransportError};
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// Calls `router` as if over HTTP.
pub(crate) fn in_process(router: Router) -> Transport {
    Transport::in_process(BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| call(router.clone(), request))))
}

/// The same for a neighbor that is put together after whoever calls it.
#[derive(Clone, Default)]
pub(crate) struct Later(Arc<OnceLock<Router>>);

impl Later {
    /// Calls the neighbor, once it is there.
    pub(crate) fn transport(&self) -> Transport {
        let later = self.0.clone();
        Transport::in_process(BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            let router = later.get().cloned();
            async move { call(router.ok_or("this neighbor has not started yet")?, request).await }
        })))
    }

    /// It is there.
    pub(crate) fn is(&self, router: Router) {
        // It is set once: where it is made.
        let _ = self.0.set(router);
    }
}

async fn call(router: Router, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let response = router.oneshot(request.map(Body::from)).await?;
    let (parts, body) = response.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}
