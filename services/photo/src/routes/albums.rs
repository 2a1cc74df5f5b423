//! Albums: what they are called, and who sees them. What is in them is in `album_photos.rs`.

use axum::extract::State;
use axum::response::Response;
use contracts::id::AlbumId;
use contracts::photo::PhotoVisibility;
use http::StatusCode;
use identity::{MaybeViewer, Viewer};
use serde::Deserialize;
use serving::{Attempt, Create, Json, Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::owner::Owner;
use crate::reuse::What;
use crate::routes::bodies::AlbumBody;
use crate::store::{album_photos, albums, usage};
use crate::text::{self, TITLE};
use crate::{Photo, erasure, reuse};

/// Albums of one person.
const MOST: i64 = 500;

/// Whose albums are looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// `account:<id>`, or `me`, which finds private ones too; everybody's unless said.
    owner: Option<String>,
}

/// Finds albums, newest first: public ones, and one's own when asking for those.
#[utoipa::path(
    get,
    path = "/v1/albums",
    operation_id = "list_albums",
    tag = "albums",
    params(
        Whose,
        ("limit" = Option<i64>, Query, description = "How many, 1 to 80; 20 unless said"),
        ("before" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
        ("after" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
    ),
    responses((status = 200, description = "A page of albums", body = Paged<AlbumBody>), (status = 400, body = ProblemDocument)),
)]
pub(crate) async fn list(
    State(Photo(photo)): State<Photo>,
    MaybeViewer(viewer): MaybeViewer,
    Query(Whose { owner }): Query<Whose>,
    page: Page,
) -> Result<Paged<AlbumBody>> {
    let viewer = viewer.map(|viewer| Owner::Account(viewer.account));
    let owner = Owner::asked(owner.as_deref(), viewer)?;
    let found = albums::list(&photo.pool, owner, viewer.filter(|_| owner == viewer), viewer, &page).await?;
    Ok(page.cut(found, |row| row.id.0).map(AlbumBody::from))
}

/// One album: a public one, or one's own.
#[utoipa::path(
    get,
    path = "/v1/albums/{id}",
    operation_id = "read_album",
    tag = "albums",
    params(("id" = AlbumId, Path, description = "Which")),
    responses((status = 200, body = AlbumBody), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn show(
    State(Photo(photo)): State<Photo>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AlbumId>,
) -> Result<Json<AlbumBody>> {
    let viewer = viewer.map(|viewer| Owner::Account(viewer.account));
    let found = albums::find(&photo.pool, id, viewer).await?;
    found.map(|row| Json(row.into())).ok_or_else(Problem::not_found)
}

/// What an album shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAlbum {
    /// 1 to 200 characters.
    title: String,
    /// `public` or `private`; private unless said.
    visibility: Option<PhotoVisibility>,
}

/// Makes an album, with nothing in it.
#[utoipa::path(
    post,
    path = "/v1/albums",
    operation_id = "create_album",
    tag = "albums",
    request_body = NewAlbum,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes sending it twice safe")),
    responses(
        (status = 201, description = "Made", body = AlbumBody),
        (status = 409, description = "You have too many", body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Create { body, idempotency }: Create<NewAlbum>,
) -> Result<Response> {
    let (owner, title) = (Owner::Account(viewer.account), title(&body.title)?);
    let mut attempt = match idempotency.begin(&photo.pool, viewer.account).await? {
        Attempt::Replayed(answer) => return Ok(answer),
        Attempt::Fresh(attempt) => attempt,
    };
    erasure::admit(&mut attempt, viewer.account).await?;
    // Whoever else adds something of this owner waits here.
    usage::lock(&mut attempt, owner).await?;
    if albums::count(&mut attempt, owner).await? >= MOST {
        return Err(Problem::conflict("too-many-albums", format!("You have {MOST} albums. Delete one first.")));
    }
    let visibility = body.visibility.unwrap_or(PhotoVisibility::Private);
    let id = albums::insert(&mut attempt, owner, &title, visibility).await?;
    let row = albums::find(&mut *attempt, id, Some(owner)).await?.ok_or_else(Problem::not_found)?;
    attempt.finish(StatusCode::CREATED, &AlbumBody::from(row)).await
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAlbum {
    /// 1 to 200 characters.
    title: Option<String>,
    /// A private one is there for its owner only.
    visibility: Option<PhotoVisibility>,
}

/// Changes one's own album.
#[utoipa::path(
    patch,
    path = "/v1/albums/{id}",
    operation_id = "update_album",
    tag = "albums",
    params(("id" = AlbumId, Path, description = "Which")),
    request_body = UpdateAlbum,
    responses(
        (status = 200, description = "Changed", body = AlbumBody),
        (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn update(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
    Json(change): Json<UpdateAlbum>,
) -> Result<Json<AlbumBody>> {
    let UpdateAlbum { title: new_title, visibility } = change;
    let owner = Owner::Account(viewer.account);
    let new_title = new_title.map(|new| title(&new)).transpose()?;
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, viewer.account).await?;
    let before = albums::lock(&mut tx, id, owner).await?.ok_or_else(Problem::not_found)?;
    let visibility = visibility.unwrap_or(before.visibility);
    albums::update(&mut tx, id, new_title.as_deref().unwrap_or(&before.title), visibility).await?;
    if visibility != before.visibility {
        // A private album shows nothing to anybody, and so uses nobody's photos.
        let shown = match visibility {
            PhotoVisibility::Public => album_photos::all(&mut tx, id).await?,
            PhotoVisibility::Private => Vec::new(),
        };
        let what = What { source: &reuse::album(id), open: visibility == PhotoVisibility::Public };
        reuse::shows(&mut tx, viewer.account, what, &shown).await?;
    }
    let after = albums::find(&mut *tx, id, Some(owner)).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    photo.outbox.committed();
    Ok(Json(after.into()))
}

/// Deletes one's own album, and none of its photos.
#[utoipa::path(
    delete,
    path = "/v1/albums/{id}",
    operation_id = "delete_album",
    tag = "albums",
    params(("id" = AlbumId, Path, description = "Which")),
    responses((status = 204, description = "Deleted"), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<AlbumId>) -> Result<StatusCode> {
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, viewer.account).await?;
    albums::lock(&mut tx, id, Owner::Account(viewer.account)).await?.ok_or_else(Problem::not_found)?;
    reuse::shows(&mut tx, viewer.account, What { source: &reuse::album(id), open: false }, &[]).await?;
    albums::delete(&mut tx, id).await?;
    tx.commit().await?;
    photo.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}

fn title(given: &str) -> Result<String> {
    let title = text::text("title", given, TITLE)?;
    match title.is_empty() {
        true => Err(Problem::invalid("title", "an album needs one")),
        false => Ok(title),
    }
}
