//! What is in an album, and in which order.

use std::collections::HashMap;

use axum::extract::State;
use contracts::PhotoId;
use contracts::id::AlbumId;
use contracts::photo::PhotoVisibility;
use http::StatusCode;
use identity::{MaybeViewer, Viewer};
use serde::Deserialize;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::owner::Owner;
use crate::reuse::What;
use crate::routes::bodies::PhotoBody;
use crate::store::album_photos::Placed;
use crate::store::{album_photos, albums, photos};
use crate::{Photo, erasure, reuse};

/// Photos of one album.
const MOST: usize = 1000;
/// Pages go from the largest cursor down, and albums from the first place up: a cursor is how far a place is from here.
const FAR: i64 = 1 << 32;

/// The photos of an album in their order, as far as you may see them: a private photo in a public album is its owner's alone.
#[utoipa::path(
    get,
    path = "/v1/albums/{id}/photos",
    operation_id = "list_album_photos",
    tag = "albums",
    params(
        ("id" = AlbumId, Path, description = "Which album"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 80; 20 unless said"),
        ("before" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
        ("after" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
    ),
    responses((status = 200, description = "A page of photos", body = Paged<PhotoBody>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list(
    State(Photo(photo)): State<Photo>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AlbumId>,
    page: Page,
) -> Result<Paged<PhotoBody>> {
    let viewer = viewer.map(|viewer| Owner::Account(viewer.account));
    albums::find(&photo.pool, id, viewer).await?.ok_or_else(Problem::not_found)?;
    let place = FAR.saturating_sub(page.after().unwrap_or_else(|| page.before()));
    let placed = album_photos::beyond(&photo.pool, id, viewer, place, page.after().is_some(), page.limit + 1).await?;
    let placed = page.cut(placed, |placed| FAR - i64::from(placed.position));
    let ids: Vec<i64> = placed.items.iter().map(|placed| placed.photo.0).collect();
    let found = photos::all(&photo.pool, &ids).await?;
    // Once more, as one may have become private between the two questions.
    let seen = found.into_iter().filter(|row| row.is_public() || Some(row.owner) == viewer);
    let mut found: HashMap<PhotoId, PhotoBody> = seen.map(|row| (row.id, row.into())).collect();
    let items = placed.items.iter().filter_map(|Placed { photo, .. }| found.remove(photo)).collect();
    Ok(placed.replace(items))
}

/// Where a photo shall be.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Counted from zero; beyond the end is the end. Left out, a new photo comes to the end and one that is there stays.
    position: Option<u32>,
}

/// Puts a photo into one's own album, or moves it there: one of yours, or a public one of somebody else.
#[utoipa::path(
    put,
    path = "/v1/albums/{id}/photos/{photo}",
    operation_id = "put_album_photo",
    tag = "albums",
    params(("id" = AlbumId, Path, description = "Which album"), ("photo" = PhotoId, Path, description = "Which photo")),
    request_body = Place,
    responses(
        (status = 204, description = "It is there"),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "The album is full", body = ProblemDocument),
    ),
)]
pub(crate) async fn put(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path((album, id)): Path<(AlbumId, PhotoId)>,
    Json(Place { position }): Json<Place>,
) -> Result<StatusCode> {
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, viewer.account).await?;
    let locked = albums::lock(&mut tx, album, Owner::Account(viewer.account)).await?.ok_or_else(Problem::not_found)?;
    let row = photos::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    // Not there for anybody while its owner is hidden.
    photos::find(&mut *tx, id).await?.ok_or_else(Problem::not_found)?;
    if !album_photos::contains(&mut tx, album, id).await? {
        // What was left to those who show it is for nobody else.
        if !row.is_of(viewer.account) && (!row.is_public() || row.left) {
            return Err(Problem::not_found());
        }
        if album_photos::all(&mut tx, album).await?.len() >= MOST {
            return Err(Problem::conflict("album-full", format!("An album takes {MOST} photos.")));
        }
        album_photos::append(&mut tx, album, id).await?;
        if locked.visibility == PhotoVisibility::Public {
            reuse::begins(&mut tx, &row, viewer.account, What { source: &reuse::album(album), open: true }).await?;
        }
    }
    if let Some(position) = position {
        album_photos::place(&mut tx, album, id, position.into()).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a photo out of one's own album.
#[utoipa::path(
    delete,
    path = "/v1/albums/{id}/photos/{photo}",
    operation_id = "delete_album_photo",
    tag = "albums",
    params(("id" = AlbumId, Path, description = "Which album"), ("photo" = PhotoId, Path, description = "Which photo")),
    responses((status = 204, description = "It is not there"), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path((album, id)): Path<(AlbumId, PhotoId)>,
) -> Result<StatusCode> {
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, viewer.account).await?;
    albums::lock(&mut tx, album, Owner::Account(viewer.account)).await?.ok_or_else(Problem::not_found)?;
    let row = photos::lock(&mut tx, id).await?;
    if let (true, Some(row)) = (album_photos::remove(&mut tx, album, id).await?, row) {
        reuse::ends(&mut tx, &row, viewer.account, &reuse::album(album)).await?;
    }
    tx.commit().await?;
    photo.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}
