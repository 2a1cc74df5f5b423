//! The span of a request that arrives.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use tracing::{Instrument, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::in_flight::InFlight;
use crate::{context, sampling};

/// Traces requests of the public port. A caller's trace id is kept, so that a gateway's trace goes on here, but whether
/// the trace is recorded is ours to say: a stranger could otherwise switch tracing on for everything. Their `tracestate`
/// ends here.
pub async fn trace_public(request: Request, next: Next) -> Response {
    let parent = context::extract(request.headers());
    trace(distrust(&parent), request, next).await
}

/// Traces requests of the private port, whose callers are our own services.
pub async fn trace_private(request: Request, next: Next) -> Response {
    let parent = context::extract(request.headers());
    trace(parent, request, next).await
}

fn distrust(parent: &Context) -> Context {
    let caller = parent.span().span_context().clone();
    if !caller.is_valid() {
        return Context::new();
    }
    let flags = if sampling::samples(caller.trace_id()) { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let ours = SpanContext::new(caller.trace_id(), caller.span_id(), flags, true, TraceState::NONE);
    Context::new().with_remote_span_context(ours)
}

async fn trace(parent: Context, request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    // Only the router's template is a label: a path holds ids, and their number has no end.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let name = route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = tracing::info_span!(
        "http.server",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        url.path = shown_path(request.uri().path(), route.as_deref()),
        url.scheme = "http",
        network.protocol.version = if request.version() == http::Version::HTTP_10 { "1.0" } else { "1.1" },
        error.type = field::Empty,
    );
    // Fails only when the span is not recorded, and then there is nothing to attach.
    let _ = span.set_parent(parent);

    let in_flight = InFlight::begin(method, route, span.clone());
    let response = next.run(request).instrument(span).await;
    in_flight.answered(response.status());
    response
}

/// The path of a request, unless it ends with a secret: of a link in a letter, the template is shown. Where no route fits,
/// anything may be in it, such as that link with a slash too many: then its first three segments are.
fn shown_path<'a>(path: &'a str, route: Option<&'a str>) -> &'a str {
    match route {
        Some(route) if route.contains("{token}") => route,
        Some(_) => path,
        None => path.match_indices('/').nth(3).map_or(path, |(end, _)| &path[..end]),
    }
}

/// Methods are text from outside; as labels they must be few. `_OTHER` is the semantic conventions' word.
pub(crate) fn known_method(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_ends_with_a_secret_is_shown_as_its_template() {
        let reset = "/v1/accounts/password-resets/{token}";
        assert_eq!(shown_path("/v1/accounts/password-resets/splk_secret", Some(reset)), reset);
        assert_eq!(shown_path("/v1/posts/7", Some("/v1/posts/{id}")), "/v1/posts/7");
        assert_eq!(shown_path("/nowhere", None), "/nowhere");
        assert_eq!(shown_path("/v1/accounts/password-resets/splk_secret/", None), "/v1/accounts/password-resets");
    }
}
