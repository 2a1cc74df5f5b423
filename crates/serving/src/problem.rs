//! Errors as RFC 9457 problem documents.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

/// The result of every handler.
pub type Result<T> = std::result::Result<T, Problem>;

/// What a caller reads when a request fails: the members of RFC 9457, the fields at fault and the trace to quote.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A stable URI that names the kind of problem; `docs/api-design.md` lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words, always the same for one `type`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time and what to do.
    pub detail: String,
    /// The fields at fault, where the body was understood but not acceptable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The trace of this request, for whoever runs the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Its path in the body, such as `photos[2]`.
    pub field: String,
    /// What it must be.
    pub detail: String,
}

/// A failed request on its way out. Boxed, because it travels in every `Result`.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    challenge: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, slug: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Inner { status, slug, title, detail, errors: Vec::new(), retry_after: None, challenge: None }))
    }

    /// 400: the request is not well-formed.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request is not well-formed", detail)
    }

    /// 401: who calls is not known.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Sign in first", detail)
    }

    /// 403: who calls is known and may not do this, and that the thing exists is no secret.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 403: the token is good, and does not allow this (RFC 6750, section 3.1).
    pub fn insufficient_scope(scope: impl Display) -> Self {
        let detail = format!("This access token does not allow this. Ask for one with the scope `{scope}`.");
        let mut problem = Self::new(StatusCode::FORBIDDEN, "insufficient-scope", "The token does not allow this", detail);
        problem.0.challenge = Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""));
        problem
    }

    /// 404: it does not exist, or the caller may not know that it does. Always the same words.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Nothing is here", "There is nothing at this address for you.")
    }

    /// 405: the address is right and the method is not.
    pub fn method_not_allowed() -> Self {
        let detail = "This address does not take this method; the Allow header lists those it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Wrong method", detail)
    }

    /// 408: the body did not go on.
    pub fn request_timeout(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", "The request did not go on", detail)
    }

    /// 409: the state does not allow it; `slug` names the kind.
    pub fn conflict(slug: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, slug, "In conflict with what is there", detail)
    }

    /// 413: the body is larger than it may be.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    /// 415: the body is of a type that is not taken.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "This type is not taken", detail)
    }

    /// 422: well-formed, but not acceptable as a whole.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Not acceptable", detail)
    }

    /// 422: one field is not acceptable.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let error = FieldError { field: field.into(), detail: detail.into() };
        let mut problem = Self::unprocessable(format!("{}: {}", error.field, error.detail));
        problem.0.errors.push(error);
        problem
    }

    /// 429: too many requests; try again after `wait`.
    pub fn too_many_requests(wait: Duration) -> Self {
        let detail = "You ask too often. Wait as many seconds as the Retry-After header says.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail).after(wait)
    }

    /// 503: cannot be done now; try again after `wait`.
    pub fn unavailable(detail: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail).after(wait)
    }

    /// 500: our fault. The cause is logged here, once, and never shown.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        tracing::error!(error = chain(&*cause), "request failed");
        let detail = "Something failed on our side. It has been logged under the trace id below.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Our fault", detail)
    }

    /// What went wrong, in words for whoever asked.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The status it will be answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    fn after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let inner = *self.0;
        let document = ProblemDocument {
            kind: format!("https://socialplatform.dev/problems/{}", inner.slug),
            title: inner.title.to_owned(),
            status: inner.status.as_u16(),
            detail: inner.detail,
            errors: inner.errors,
            trace_id: telemetry::trace_id(),
        };
        let body = serde_json::to_vec(&document).expect("a problem is strings and a number");
        let mut response = (inner.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = inner.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        if inner.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(challenge) = inner.challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        database::failed(&error);
        let passing = match &error {
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
            // Connection trouble, a server that starts or stops, deadlocks, serialization, timeouts: all may work next time.
            E::Database(error) => error.code().is_some_and(|code| {
                code.starts_with("08") || code.starts_with("57P") || ["40001", "40P01", "57014", "55P03", "53300"].contains(&&*code)
            }),
            _ => false,
        };
        if passing {
            tracing::warn!(error = chain(&error), "failed to use the database");
            // The answer to a commit may be what was lost, so nobody knows whether something was changed.
            let detail = "The database cannot answer now. Try again; if you meant to change something, it may have been done: look \
                          before you repeat it, or repeat it with the same Idempotency-Key.";
            return Self::unavailable(detail, Duration::from_secs(1));
        }
        Self::internal(error)
    }
}

/// Answers a violated constraint by its name, so that the database stays the one place of the rule.
pub trait OnConstraint<T> {
    /// If the constraint `name` refused the statement, answer with `problem`.
    fn on_constraint(self, name: &str, problem: impl FnOnce() -> Problem) -> Result<T>;
}

impl<T> OnConstraint<T> for std::result::Result<T, sqlx::Error> {
    fn on_constraint(self, name: &str, problem: impl FnOnce() -> Problem) -> Result<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(cause) if cause.constraint() == Some(name) => {
                database::refused(&error);
                problem()
            }
            _ => error.into(),
        })
    }
}
