//! Takes everything that is exported, and only counts it: a collector's own work is not the platform's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;

/// An address for OTLP over HTTP. It ends with this value.
pub struct Sink {
    address: SocketAddr,
    bytes: Arc<AtomicUsize>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Sink {
    /// On a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let bytes = Arc::new(AtomicUsize::new(0));
        let router = Router::new().fallback(take).layer(DefaultBodyLimit::disable()).with_state(bytes.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, bytes, serving })
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An empty message of protobuf says that all of it was taken.
async fn take(State(bytes): State<Arc<AtomicUsize>>, body: Bytes) -> ([(axum::http::HeaderName, &'static str); 1], ()) {
    bytes.fetch_add(body.len(), Ordering::Relaxed);
    ([(CONTENT_TYPE, "application/x-protobuf")], ())
}
