//! Uploads that are given up.

use axum::extract::State;
use contracts::id::UploadId;
use http::StatusCode;
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use crate::Photo;
use crate::owner::Owner;
use crate::routes::uploads::abandon;

/// Ends an upload, whichever way it comes, and deletes what has arrived of it. A photo that it has become stays.
#[utoipa::path(
    delete,
    path = "/v1/photos/uploads/{id}",
    operation_id = "delete_upload",
    tag = "uploads",
    params(("id" = UploadId, Path, description = "Which upload")),
    responses((status = 204, description = "Ended"), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<UploadId>) -> Result<StatusCode> {
    match abandon(&photo, id, Owner::Account(viewer.account)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
