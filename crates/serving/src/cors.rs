//! Calls from pages of other sites: any may call with a bearer token, and none with our cookies.
//!
//! Only a browser's question about another site (it names the method that it is going to use) is answered here. Any other
//! `OPTIONS` is a request like others: tus asks with it what is spoken.

use axum::Extension;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
};
use http::{HeaderValue, Method, StatusCode};
use telemetry::Unhandled;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// What a page may send. The last line is tus.
const SENT: &str = "authorization, content-type, idempotency-key, last-event-id, \
                    tus-resumable, upload-length, upload-offset, upload-metadata, x-http-method-override";
/// What its scripts may read.
const READ: &str = "link, location, retry-after, \
                    tus-resumable, tus-version, tus-extension, tus-max-size, upload-length, upload-offset, upload-expires, \
                    upload-metadata";
/// Seconds for which a browser need not ask again; none keeps it for longer than a day.
const MAX_AGE: &str = "86400";

/// Answers browsers' questions, and lets scripts read the answers to requests.
pub(crate) async fn allow(request: Request, next: Next) -> Response {
    let asked = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let (mut response, more) = match asked {
        true => {
            let more = [(ACCESS_CONTROL_ALLOW_METHODS, METHODS), (ACCESS_CONTROL_ALLOW_HEADERS, SENT), (ACCESS_CONTROL_MAX_AGE, MAX_AGE)];
            ((Extension(Unhandled), StatusCode::NO_CONTENT).into_response(), more.to_vec())
        }
        false => (next.run(request).await, vec![(ACCESS_CONTROL_EXPOSE_HEADERS, READ)]),
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
