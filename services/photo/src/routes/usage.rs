use axum::extract::State;
use identity::Viewer;
use serde::Serialize;
use serving::{Json, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::owner::Owner;
use crate::store::usage::{self, UsageRow};
use crate::{Photo, Quota};

/// What somebody's photos take, and may take.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Photos of yours. One that you have left to others counts until the last of them shows it no more.
    photos: i64,
    /// Bytes of all their pictures. One that you have twice counts once.
    bytes: i64,
    /// Photos that you may keep.
    most_photos: i64,
    /// Bytes that they may take.
    most_bytes: i64,
}

/// What your photos take, and how much they may.
#[utoipa::path(
    get,
    path = "/v1/photos/usage",
    operation_id = "read_usage",
    tag = "photos",
    responses((status = 200, body = Usage), (status = 401, body = ProblemDocument)),
)]
pub(crate) async fn show(State(Photo(photo)): State<Photo>, viewer: Viewer) -> Result<Json<Usage>> {
    let UsageRow { photos, bytes } = usage::of(&photo.pool, Owner::Account(viewer.account)).await?;
    let Quota { photos: most_photos, bytes: most_bytes } = photo.quota;
    Ok(Json(Usage { photos, bytes, most_photos, most_bytes }))
}
