//! `/livez`, `/readyz` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;

use crate::Json;

/// How often somebody who waits looks.
const LOOK: Duration = Duration::from_millis(50);

/// Whether requests should be sent here. A part that starts registers itself as not ready; each part then reports.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, bool>>>);

impl Readiness {
    /// Reports on the part `name`.
    pub fn set(&self, name: &'static str, ready: bool) {
        self.0.lock().expect("no holder panics").insert(name, ready);
    }

    /// Are all parts ready?
    pub fn ready(&self) -> bool {
        self.0.lock().expect("no holder panics").values().all(|ready| *ready)
    }

    /// Waits until all parts are ready.
    pub async fn until_ready(&self) {
        while !self.ready() {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn answer(&self) -> Response {
        let parts = self.0.lock().expect("no holder panics").clone();
        let status = if self.ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(parts)).into_response()
    }
}

/// The routes that kubelet and Prometheus ask for.
pub(crate) fn router(readiness: Readiness) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(move || async move { readiness.answer() }))
        .route("/metrics", get(|| async { telemetry::metrics_text() }))
}
