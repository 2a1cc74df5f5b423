//! A call to a neighbor in the same process.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use contracts::client::Transport;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// Calls `router` as if over HTTP.
pub(crate) fn in_process(router: Router) -> Transport {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let response = router.oneshot(request.map(Body::from)).await?;
            let (parts, body) = response.into_parts();
            Ok(http::Response::from_parts(parts, body.collect().await?.to_bytes()))
        }
    }))
}
