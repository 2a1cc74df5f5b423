//! The span of a request that arrives.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::uri::Authority;
use http::{HeaderMap, Version, header};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::in_flight::InFlight;
use crate::{context, sampling};

/// Marks an answer that no handler gave, such as one to a method that its address does not take. Strangers may ask for every
/// method of every route: if those were counted by their route, there would be more series than the SDK keeps of a metric, and it
/// counts what comes later without labels, failures too.
#[derive(Clone, Copy, Debug)]
pub struct Unhandled;

/// Traces requests of the public port. A caller's trace id is kept, so that a gateway's trace goes on here, but whether
/// the trace is recorded is ours to say: a stranger could otherwise switch tracing on for everything. Their
/// `tracestate` ends here. How they came is believed only `behind_proxy`.
pub async fn trace_public(behind_proxy: bool, request: Request, next: Next) -> Response {
    let parent = context::extract(request.headers());
    let scheme = if behind_proxy { scheme(request.headers()) } else { "http" };
    trace(distrust(&parent), scheme, request, next).await
}

/// Traces requests of the private port, whose callers are our own services.
pub async fn trace_private(request: Request, next: Next) -> Response {
    let parent = context::extract(request.headers());
    trace(parent, "http", request, next).await
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

async fn trace(parent: Context, scheme: &'static str, request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    // Only the router's template is a label: a path holds ids, and their number has no end.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "http.server",
        otel.name = span_name(method, route.as_deref()),
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.response.status_code = field::Empty,
        error.type = field::Empty,
    );
    // Fails only when the span is not recorded, and then there is nothing to attach.
    let _ = span.set_parent(parent);
    // What nobody will read costs nothing.
    if span.context().span().span_context().is_sampled() {
        describe(&span, &request, (method, scheme, route.as_deref()));
    }

    let in_flight = InFlight::begin(method, scheme, route, span.clone());
    let response = next.run(request).instrument(span).await;
    in_flight.answered(response.status(), response.extensions().get::<Unhandled>().is_none());
    response
}

/// Writes on the span what is known of the request at its arrival. By what somebody could be recognized
/// (`client.address`, `user_agent.original`) is left out.
fn describe(span: &Span, request: &Request, (method, scheme, route): (&'static str, &'static str, Option<&str>)) {
    span.set_attribute("http.request.method", method);
    if method == OTHER {
        span.set_attribute("http.request.method_original", request.method().to_string());
    }
    if let Some(route) = route {
        span.set_attribute("http.route", route.to_owned());
    }
    span.set_attribute("url.path", shown_path(request.uri().path(), route).to_owned());
    span.set_attribute("url.scheme", scheme);
    span.set_attribute("network.protocol.version", if request.version() == Version::HTTP_10 { "1.0" } else { "1.1" });
    let asked_for = request.headers().get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if let Some(server) = asked_for {
        span.set_attribute("server.address", server.host().to_owned());
        if let Some(port) = server.port_u16() {
            span.set_attribute("server.port", i64::from(port));
        }
    }
}

/// The method and the route. For a method of no name of its own, the conventions have a word that is none of its label.
fn span_name(method: &'static str, route: Option<&str>) -> String {
    let method = if method == OTHER { "HTTP" } else { method };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

/// How the caller came, as far as a proxy in front says: TLS ends there.
fn scheme(headers: &HeaderMap) -> &'static str {
    let outside = headers.get("x-forwarded-proto").map(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    if outside == Some(true) { "https" } else { "http" }
}

/// The path of a request, unless a secret is in it: of a link in a letter, or the address of a picture, the template is shown. Where
/// no route fits, anything may be in it, such as that link with a slash too many: then its first three segments are, or those before
/// what may be a picture's key.
fn shown_path<'a>(path: &'a str, route: Option<&'a str>) -> &'a str {
    match route {
        Some(route) if route.contains("{token}") || route.contains("{key}") => route,
        Some(_) => path,
        None => {
            let beginning = path.match_indices('/').nth(3).map_or(path, |(end, _)| &path[..end]);
            beginning.find("/p/").map_or(beginning, |at| &beginning[..at + "/p".len()])
        }
    }
}

/// The semantic conventions' word for any other method.
const OTHER: &str = "_OTHER";

/// Methods are text from outside; as labels they must be few. These are the ones that the conventions know, whether we answer them or not.
pub(crate) fn known_method(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 10] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_any_other_method_is_named_by_the_protocol() {
        assert_eq!(span_name("GET", Some("/v1/posts/{id}")), "GET /v1/posts/{id}");
        assert_eq!(span_name("GET", None), "GET");
        let brew = known_method(&http::Method::from_bytes(b"BREW").expect("a method"));
        assert_eq!(span_name(brew, Some("/v1/posts")), "HTTP /v1/posts");
        assert_eq!(span_name(brew, None), "HTTP");
        let query = known_method(&http::Method::from_bytes(b"QUERY").expect("a method"));
        assert_eq!(span_name(query, Some("/v1/posts")), "QUERY /v1/posts");
    }

    #[test]
    fn a_path_with_a_secret_in_it_is_shown_as_its_template() {
        let reset = "/v1/accounts/password-resets/{token}";
        assert_eq!(shown_path("/v1/accounts/password-resets/splk_secret", Some(reset)), reset);
        assert_eq!(shown_path("/v1/posts/7", Some("/v1/posts/{id}")), "/v1/posts/7");
        assert_eq!(shown_path("/nowhere", None), "/nowhere");
        assert_eq!(shown_path("/v1/accounts/password-resets/splk_secret/", None), "/v1/accounts/password-resets");
        let picture = "/p/{key}/{variant}";
        assert_eq!(shown_path("/p/secret/thumb", Some(picture)), picture);
        for (path, shown) in [("/p/secret", "/p"), ("/p/secret/thumb/", "/p"), ("//p/secret/thumb", "//p"), ("/v1/p/secret", "/v1/p")] {
            assert_eq!(shown_path(path, None), shown);
        }
    }
}
