//! Extractors that answer bad input with a problem document.

use aws_lc_rs::digest::{SHA256, digest};
use axum::RequestExt;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Idempotency, Problem};

/// A JSON body, in and out. Reading refuses other content types, unknown fields (where the type does) and wrong types,
/// naming the field at fault.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&json_bytes(request).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// A JSON body that makes something, with the caller's `Idempotency-Key` and the fingerprint of what was sent.
#[derive(Debug)]
pub struct Create<T> {
    /// What to make.
    pub body: T,
    /// Begins the transaction, or replays the answer of the first time.
    pub idempotency: Idempotency,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Create<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let idempotency = Idempotency::from_request_parts(&mut parts, state).await?;
        let bytes = json_bytes(Request::from_parts(parts, body)).await?;
        let body = parse(&bytes)?;
        Ok(Self { body, idempotency: idempotency.fingerprint(digest(&SHA256, &bytes)) })
    }
}

async fn json_bytes(request: Request) -> Result<Bytes, Problem> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::unsupported_media_type("Send JSON, with the header `Content-Type: application/json`."));
    }
    // The limit is the one that the layer around every route has set; `usize::MAX` here only means "no second one".
    to_bytes(request.with_limited_body().into_body(), usize::MAX).await.map_err(unreadable_body)
}

/// Why a body could not be read: too large, or the caller hung up.
fn unreadable_body(error: axum::Error) -> Problem {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return Problem::too_large("The body is larger than this address takes.");
        }
        cause = error.source();
    }
    Problem::bad_request("The body ended before it was complete.")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data if field != "." => Problem::invalid(field, error.inner().to_string()),
            serde_json::error::Category::Data => Problem::unprocessable(error.inner().to_string()),
            _ => Problem::bad_request(format!("The body is not JSON: {}.", error.inner())),
        }
    })?;
    deserializer.end().map_err(|error| Problem::bad_request(format!("The body is not one JSON value: {error}.")))?;
    Ok(value)
}

/// The parameters of the path. One that is not of its type names nothing, so the answer is 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| Problem::not_found())
    }
}

/// The parameters of the query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(query)| Self(query)).map_err(|error| Problem::bad_request(error.body_text()))
    }
}
