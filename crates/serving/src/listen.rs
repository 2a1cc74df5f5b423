//! The accept loop and the shutdown.
//!
//! `axum::serve` is not used: it gives hyper no timer, so that hyper's own limit on the time to read a request's head
//! does nothing and a thousand idle sockets hold a service (axum issue 2741). Only HTTP/1.1 is spoken: gateways ask for
//! nothing else, and hyper-util's choice between the two protocols waits for the first bytes without any timer.
//!
//! A connection may become a WebSocket. hyper-util's graceful shutdown cannot watch such connections, so they are told to
//! end here, and the places that they hold say when they have. Whatever a connection has become, it ends when its client takes
//! nothing of what is written to it ([`Stalls`]).

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::stalls::Stalls;
use crate::{ClientAddress, Connection, Readiness, ServingConfig};

/// How long a client may take to send the head of a request. For hyper that includes the time for which a connection is only kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for gateways and for our own services. They keep connections for a minute and a half (Traefik's `idleConnTimeout`, reqwest's
/// `pool_idle_timeout`), and whoever ends one sooner may do so just when a request comes, which is not sent again if it writes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The two bound sockets of a service.
pub struct Listeners {
    public: TcpListener,
    private: TcpListener,
}

impl Listeners {
    /// Binds both addresses; port 0 picks a free one.
    pub async fn bind(config: &ServingConfig) -> io::Result<Self> {
        let named =
            |address: SocketAddr| move |error: io::Error| io::Error::new(error.kind(), format!("failed to listen on {address}: {error}"));
        Ok(Self {
            public: TcpListener::bind(config.public_addr).await.map_err(named(config.public_addr))?,
            private: TcpListener::bind(config.private_addr).await.map_err(named(config.private_addr))?,
        })
    }

    /// Where people call.
    pub fn public_addr(&self) -> io::Result<SocketAddr> {
        self.public.local_addr()
    }

    /// Where probes and our own services call.
    pub fn private_addr(&self) -> io::Result<SocketAddr> {
        self.private.local_addr()
    }
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn termination() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Serves both ports until `stop` resolves; then reports not ready, goes on for the configured drain, in which each answer is the last
/// one of its connection, lets what is in flight end for as long as is configured, and returns.
pub async fn serve(
    listeners: Listeners,
    config: &ServingConfig,
    public: Router,
    private: Router,
    readiness: Readiness,
    stop: impl Future<Output = ()>,
) {
    let (closing, closed) = watch::channel(false);
    let leaving = Arc::new(AtomicBool::new(false));
    let hops = config.trusted_proxy_hops;
    let patience = if hops > 0 { PATIENCE } else { HEAD_TIMEOUT };
    let limits = |patience| Limits { patience, stall: Duration::from_secs(config.read_stall_seconds), most: config.max_connections };
    let outside = tokio::spawn(accept(listeners.public, public, hops, limits(patience), leaving.clone(), closed.clone()));
    let inside = tokio::spawn(accept(listeners.private, private, 0, limits(PATIENCE), leaving.clone(), closed));
    readiness.set("serving", true);

    stop.await;
    tracing::info!(seconds = config.drain_seconds, "stopping, once load balancers have had time to look away");
    readiness.set("serving", false);
    leaving.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(config.drain_seconds)).await;
    let _ = closing.send(true);
    let finished = async { tokio::join!(outside, inside) };
    if tokio::time::timeout(Duration::from_secs(config.finish_seconds), finished).await.is_err() {
        tracing::warn!("stopping: some requests did not end in {} s", config.finish_seconds);
    }
}

/// What bounds the connections of a port.
struct Limits {
    /// How long the head of a request may take.
    patience: Duration,
    /// For how long nothing may be taken of what is written.
    stall: Duration,
    /// How many may be open.
    most: usize,
}

async fn accept(
    listener: TcpListener,
    router: Router,
    hops: usize,
    limits: Limits,
    leaving: Arc<AtomicBool>,
    mut closed: watch::Receiver<bool>,
) {
    let Limits { patience, stall, most } = limits;
    let places = Arc::new(Semaphore::new(most));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = closed.changed() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: accepting at once again would only spin.
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let line = Connection::new(place, closed.clone());
        let (mut closing, cut, leaving) = (closed.clone(), line.cuts(), leaving.clone());
        let service = router.clone().map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            let address = ClientAddress::find(request.headers(), peer, hops);
            request.extensions_mut().insert(address);
            request.extensions_mut().insert(line.clone());
            request
        });
        // Whoever keeps the connection sends the next request elsewhere. At the end of the drain it would be closed, perhaps just when
        // a request comes, which is not sent again if it writes. A connection that becomes another protocol has a header of its own.
        let service = service.map_response(move |mut response: Response| {
            if leaving.load(Ordering::Relaxed) {
                response.headers_mut().entry(CONNECTION).or_insert(HeaderValue::from_static("close"));
            }
            response
        });
        let io = TokioIo::new(Stalls::new(stream, stall));
        let connection = builder.serve_connection(io, TowerToHyperService::new(service)).with_upgrades();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // A broken connection is the client's business.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = cut.notified() => return,
                _ = closing.changed() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection => {}
                () = cut.notified() => {}
            }
        });
    }
    drop(listener);
    let _ = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
}
