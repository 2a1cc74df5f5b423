use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::PhotoId;
use contracts::fact::{Fact, PhotoChanged};
use contracts::photo::PhotoVisibility;
use facts::FactId;
use http::StatusCode;
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::key::PhotoKey;
use crate::owner::Owner;
use crate::photo::Photo;
use crate::store::photos::{Description, PhotoRow, Sought};
use crate::store::{blobs, photos};
use crate::text::{self, ALT, TITLE};
use crate::{AppState, cleaning};

/// How long an answer waits for the other services to have heard that fewer may see a photo.
const SETTLE: Duration = Duration::from_secs(2);

/// Which photos are looked for; each condition that is there must hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Words of the title, the tags or the alternative text, or how they begin.
    q: Option<String>,
    /// A tag.
    tag: Option<String>,
    /// Whose: `account:<id>`, or `me`, which finds private ones too.
    owner: Option<String>,
}

impl Filter {
    fn sought(self, viewer: Option<&Viewer>) -> Result<Sought> {
        let myself = viewer.map(|viewer| Owner::Account(viewer.account));
        let owner = match self.owner.as_deref() {
            None => None,
            Some("me") => Some(myself.ok_or_else(|| Problem::unauthorized("Sign in to see your own photos."))?),
            Some(owner) => Some(owner.parse().map_err(|_| Problem::bad_request("owner is `me` or `account:<id>`."))?),
        };
        let words = self.q.map(|q| text::prefixes(&q).ok_or_else(|| Problem::bad_request("q needs a letter or a digit.")));
        Ok(Sought {
            owner,
            myself: myself.filter(|_| owner == myself),
            tag: self.tag.map(|tag| text::tag(&tag)).transpose()?,
            words: words.transpose()?,
        })
    }
}

/// Finds photos, newest first: public ones, and one's own when asking for those.
#[utoipa::path(
    get,
    path = "/v1/photos",
    operation_id = "list_photos",
    tag = "photos",
    params(
        Filter,
        ("limit" = Option<i64>, Query, description = "How many, 1 to 80; 20 unless said"),
        ("before" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
        ("after" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
    ),
    responses((status = 200, description = "A page of photos", body = Paged<Photo>), (status = 400, body = ProblemDocument)),
)]
pub async fn list(
    State(state): State<AppState>,
    MaybeViewer(viewer): MaybeViewer,
    Query(filter): Query<Filter>,
    page: Page,
) -> Result<Paged<Photo>> {
    let sought = filter.sought(viewer.as_ref())?;
    let found = photos::search(&state.pool, &sought, &page).await?;
    Ok(page.cut(found, |row| row.id.0).map(Photo::from))
}

/// Describes one photo: a public one, or one's own.
#[utoipa::path(
    get,
    path = "/v1/photos/{id}",
    operation_id = "read_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which")),
    responses((status = 200, body = Photo), (status = 404, body = ProblemDocument)),
)]
pub async fn read(State(state): State<AppState>, MaybeViewer(viewer): MaybeViewer, Path(id): Path<PhotoId>) -> Result<Json<Photo>> {
    let row = photos::find(&state.pool, id).await?.ok_or_else(Problem::not_found)?;
    let own = viewer.is_some_and(|viewer| row.owner == Owner::Account(viewer.account));
    match row.visibility {
        PhotoVisibility::Private if !own => Err(Problem::not_found()),
        _ => Ok(Json(row.into())),
    }
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePhoto {
    /// Making it private gives it new addresses.
    visibility: Option<PhotoVisibility>,
    /// At most 200 characters.
    title: Option<String>,
    /// At most 2000 characters.
    alt: Option<String>,
    /// At most 20, each of letters, digits, `_` and `-`.
    tags: Option<Vec<String>>,
}

/// Changes one's own photo. One that was public and becomes private gets a new key, so that its old addresses end.
#[utoipa::path(
    patch,
    path = "/v1/photos/{id}",
    operation_id = "update_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which")),
    request_body = UpdatePhoto,
    responses(
        (status = 200, description = "Changed", body = Photo),
        (status = 202, description = "Changed; some services have yet to hear of it", body = Photo),
        (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub async fn update(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<PhotoId>,
    Json(change): Json<UpdatePhoto>,
) -> Result<Response> {
    let UpdatePhoto { visibility, title, alt, tags } = change;
    let title = title.map(|title| text::text("title", &title, TITLE)).transpose()?;
    let alt = alt.map(|alt| text::text("alt", &alt, ALT)).transpose()?;
    let tags = tags.map(|tags| text::tags(tags.iter().map(String::as_str))).transpose()?;

    let mut tx = state.pool.begin().await?;
    let before = own(photos::lock(&mut tx, id).await?, &viewer)?;
    let visibility = visibility.unwrap_or(before.visibility);
    let narrowed = before.visibility == PhotoVisibility::Public && visibility == PhotoVisibility::Private;
    let key = if narrowed { PhotoKey::random() } else { PhotoKey::try_from(before.key.clone()).map_err(Problem::internal)? };
    let description = Description {
        key: &key,
        visibility,
        title: title.as_deref().unwrap_or(&before.title),
        alt: alt.as_deref().unwrap_or(&before.alt),
        tags: tags.as_deref().unwrap_or(&before.tags),
    };
    photos::update(&mut tx, id, &description).await?;
    let after = photos::find(&mut *tx, id).await?.ok_or_else(Problem::not_found)?;

    let mut told = None;
    if after.state() != before.state() {
        let Owner::Account(owner) = after.owner;
        let fact = Fact::PhotoChanged(PhotoChanged { photo: id, owner, state: Some(after.state()) });
        told = Some(facts::publish(&mut tx, &fact).await?);
    }
    tx.commit().await?;
    state.outbox.committed();

    let pending = match told {
        Some(fact) if narrowed => !settled(&state, fact).await,
        _ => false,
    };
    let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Photo::from(after).pending(pending))).into_response())
}

/// What is answered where something is gone here and not everywhere yet.
#[derive(Serialize, ToSchema)]
pub struct Pending {
    /// Always true.
    pending: bool,
}

/// Deletes one's own photo. Its addresses end at once; other people's photos of the same picture stay.
#[utoipa::path(
    delete,
    path = "/v1/photos/{id}",
    operation_id = "delete_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 202, description = "Deleted; some services have yet to hear of it", body = Pending),
        (status = 404, body = ProblemDocument),
    ),
)]
pub async fn delete(State(state): State<AppState>, viewer: Viewer, Path(id): Path<PhotoId>) -> Result<Response> {
    let mut tx = state.pool.begin().await?;
    let photo = own(photos::lock(&mut tx, id).await?, &viewer)?;
    let blob = photos::delete(&mut tx, photo.id).await?;
    if let Some(object_key) = blobs::release(&mut tx, &blob).await? {
        cleaning::delete_later(&mut tx, &object_key).await?;
    }
    let Owner::Account(owner) = photo.owner;
    let fact = facts::publish(&mut tx, &Fact::PhotoChanged(PhotoChanged { photo: id, owner, state: None })).await?;
    tx.commit().await?;
    state.outbox.committed();

    if settled(&state, fact).await {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response())
}

/// The photo, if it is the viewer's. Another's does not exist for them, not even a public one: this is for changing it.
fn own(photo: Option<PhotoRow>, viewer: &Viewer) -> Result<PhotoRow> {
    photo.filter(|photo| photo.owner == Owner::Account(viewer.account)).ok_or_else(Problem::not_found)
}

/// Whether everybody has heard. The change is made, so a database that fails now only leaves it open.
async fn settled(state: &AppState, fact: FactId) -> bool {
    state.outbox.passed(fact, SETTLE).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to ask whether a change of a photo was heard of");
        false
    })
}
