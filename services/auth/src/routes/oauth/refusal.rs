//! Errors in the form that OAuth clients read, which is no problem document.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serving::{Json, Problem};
use utoipa::ToSchema;

/// The error of RFC 6749, section 5.2.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthError {
    /// Which, for programs.
    error: &'static str,
    /// What to do, for those who write them.
    error_description: String,
}

/// A request of an app that is not granted.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// For a reason that OAuth has a word for.
    Told(StatusCode, OAuthError),
    /// For one that every route has.
    Failed(Problem),
}

impl Refusal {
    /// 400, with OAuth's word for it.
    pub(super) fn new(error: &'static str, error_description: impl Into<String>) -> Self {
        Self::Told(StatusCode::BAD_REQUEST, OAuthError { error, error_description: error_description.into() })
    }

    /// 401: which app calls is not known, or not proved.
    pub(super) fn unknown_client() -> Self {
        let error_description =
            "authenticate with the client_id and client_secret of the registration, in the way that it names".to_owned();
        Self::Told(StatusCode::UNAUTHORIZED, OAuthError { error: "invalid_client", error_description })
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Told(status, error) => (status, error),
            Self::Failed(problem) => return problem.into_response(),
        };
        let mut response = (status, Json(error)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth\""));
        }
        response
    }
}
