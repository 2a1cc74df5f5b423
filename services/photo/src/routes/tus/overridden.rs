//! For clients that can send nothing but GET and POST, or whose network takes nothing else: the method that they mean is in a header.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::id::UploadId;
use http::{HeaderMap, HeaderName, HeaderValue};
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use super::{append, delete, offset};
use crate::Photo;

const METHOD: HeaderName = HeaderName::from_static("x-http-method-override");

/// Does what `X-HTTP-Method-Override` says: `HEAD`, `PATCH` or `DELETE`, with the same headers, body and answers.
#[utoipa::path(
    post,
    path = "/v1/photos/tus/{id}",
    operation_id = "override_tus_method",
    tag = "uploads",
    params(
        ("id" = UploadId, Path, description = "Which upload"),
        ("Tus-Resumable" = String, Header, description = "Always `1.0.0`"),
        ("X-HTTP-Method-Override" = String, Header, description = "`HEAD`, `PATCH` or `DELETE`"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 200, description = "As `HEAD` answers"),
        (status = 204, description = "As `PATCH` and `DELETE` answer"),
        (status = 400, description = "No method that there is", body = ProblemDocument),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn by_header(photo: State<Photo>, viewer: Viewer, id: Path<UploadId>, headers: HeaderMap, body: Body) -> Result<Response> {
    match headers.get(METHOD).map(HeaderValue::as_bytes) {
        Some(b"HEAD") => offset(photo, viewer, id).await,
        Some(b"PATCH") => append(photo, viewer, id, headers, body).await,
        Some(b"DELETE") => Ok(delete(photo, viewer, id).await?.into_response()),
        _ => Err(Problem::bad_request("Say in X-HTTP-Method-Override which method is meant: HEAD, PATCH or DELETE.")),
    }
}
