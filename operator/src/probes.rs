//! What kubelet and Prometheus ask the operator: `/livez`, `/readyz` and `/metrics`.

use std::io;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Answers on `listener` until `stop` resolves. The operator is ready once everything that is watched has been listed,
/// or once it has seen that another one works.
pub async fn serve(listener: TcpListener, ready: watch::Receiver<bool>, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    axum::serve(listener, router(ready)).with_graceful_shutdown(stop).await
}

fn router(ready: watch::Receiver<bool>) -> Router {
    let readyz = move || async move {
        match *ready.borrow() {
            true => (StatusCode::OK, "ready"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "waiting for the Lease, or for the first list of a watch"),
        }
    };
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(|| async { telemetry::metrics_text() }))
}
