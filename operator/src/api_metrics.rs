//! What the API server was asked, by verb and by how it answered.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use http::{Method, Request, Response, Uri};
use kube::client::Body;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use tower::{Layer, Service};

static CALLS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("socialplatform.operator.api.calls")
        .with_description("Calls of the API server, by verb and by the class of the answer; none if there was no answer.")
        .build()
});

/// Counts the calls of a client; a layer of it, below all that keep calls back.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApiCalls;

impl<S> Layer<S> for ApiCalls {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner }
    }
}

/// A service whose calls are counted.
pub struct Counted<S> {
    inner: S,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let verb = verb(request.method(), request.uri());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let status = answer.as_ref().map_or("none", |answer| class(answer.status().as_u16()));
            CALLS.add(1, &[KeyValue::new("verb", verb), KeyValue::new("status", status)]);
            answer
        })
    }
}

/// The word of Kubernetes for what is asked. Paths hold names, and those have no end.
fn verb(method: &Method, uri: &Uri) -> &'static str {
    match method.as_str() {
        "GET" if is_watch(uri) => "watch",
        "GET" if is_of_a_kind(uri.path()) => "list",
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "other",
    }
}

fn is_watch(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|parameter| parameter == "watch=true"))
}

/// Does a path name all objects of a kind, and not one, or something else?
fn is_of_a_kind(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    // `api/v1`, or `apis/apps/v1`.
    let version = if parts.next() == Some("apis") { 2 } else { 1 };
    let parts: Vec<_> = parts.skip(version).collect();
    match parts.as_slice() {
        ["namespaces", _, within @ ..] if !within.is_empty() => within.len() == 1,
        all => all.len() == 1,
    }
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::ready;

    use tower::{ServiceExt, service_fn};

    use super::*;

    #[test]
    fn a_call_has_the_verb_that_rights_are_given_for() {
        let verb = |method, uri: &str| verb(&method, &uri.parse().unwrap());
        for (uri, expected) in [
            ("/apis", "get"),
            ("/api/v1", "get"),
            ("/apis/apps/v1", "get"),
            ("/api/v1/namespaces", "list"),
            ("/api/v1/namespaces/social", "get"),
            ("/api/v1/secrets?limit=500", "list"),
            ("/api/v1/namespaces/social/secrets?labelSelector=a%3Db", "list"),
            ("/api/v1/namespaces/social/secrets/demo", "get"),
            ("/apis/apps/v1/namespaces/social/deployments/demo-auth/scale", "get"),
            ("/apis/apps/v1/deployments?&watch=true&timeoutSeconds=290", "watch"),
        ] {
            assert_eq!(verb(Method::GET, uri), expected, "{uri}");
        }
        assert_eq!(verb(Method::PATCH, "/api/v1/namespaces/social/services/demo?fieldManager=x"), "patch");
        assert_eq!(verb(Method::OPTIONS, "/"), "other");
        assert_eq!([101, 201, 304, 409, 503].map(class), ["1xx", "2xx", "3xx", "4xx", "5xx"]);
    }

    #[tokio::test]
    async fn the_answer_is_handed_on() {
        let server = service_fn(|_: Request<Body>| ready(Ok::<_, Infallible>(Response::builder().status(409).body(()).unwrap())));
        let request = Request::builder().uri("/api/v1/secrets").body(Body::empty()).unwrap();
        assert_eq!(ApiCalls.layer(server).oneshot(request).await.unwrap().status(), 409);
    }
}
