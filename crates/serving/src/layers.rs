//! What stands around every router.

use std::any::Any;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{HeaderValue, header};
use telemetry::{Panicked, Unhandled};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{ClientAddress, Problem, Rates, Readiness, ServingConfig, cors, probes, rest};

/// The public port: traced, limited in size, time and rate; callable from other sites without credentials. Whoever is refused
/// early hears the answer.
pub fn public_stack(router: Router, config: &ServingConfig, rates: &Rates) -> Router {
    let behind_proxy = config.trusted_proxy_hops > 0;
    let times = [config.request_timeout_seconds, config.upload_timeout_seconds].map(Duration::from_secs);
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { (Extension(Unhandled), Problem::method_not_allowed()) })
        .layer(DefaultBodyLimit::max(config.max_body_bytes))
        .layer(from_fn(move |request, next| limit_time(times, request, next)))
        .layer(from_fn_with_state(rates.clone(), limit_rate))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(harden))
        .layer(from_fn(cors::allow))
        .layer(from_fn(move |request, next| telemetry::trace_public(behind_proxy, request, next)))
        .layer(from_fn(rest::read))
}

/// The private port: internal calls, traced also where there is nothing; probes and metrics, of which no trace would tell anything.
pub fn private_stack(router: Router, readiness: Readiness) -> Router {
    router
        .fallback(|| async { Problem::not_found() })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(telemetry::trace_private))
        .merge(probes::router(readiness))
}

async fn limit_rate(State(rates): State<Rates>, address: ClientAddress, request: Request, next: Next) -> Response {
    match rates.check_address(address) {
        Ok(()) => next.run(request).await,
        Err(problem) => (Extension(Unhandled), problem).into_response(),
    }
}

/// Until the answer begins: a stream may go on for as long as somebody takes what it writes (`stalls.rs`). Forms with files, the
/// pieces of tus and what makes a photo of them take longer.
async fn limit_time([usual, upload]: [Duration; 2], request: Request, next: Next) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let sends = content_type.starts_with(b"multipart/") || content_type.starts_with(b"application/offset+octet-stream");
    let uploads = sends || request.uri().path().starts_with("/v1/photos/uploads/");
    let time = if uploads { upload } else { usual };
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("This took too long and was given up. Try again.", Duration::from_secs(1)).into_response(),
    }
}

/// Headers that keep a browser from guessing, unless the handler has said otherwise.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    Problem::internal(Panicked::from(cause)).into_response()
}
