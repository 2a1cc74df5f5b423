use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::PhotoId;
use contracts::fact::{Fact, PhotoChanged};
use contracts::photo::PhotoVisibility;
use facts::FactId;
use http::StatusCode;
use identity::{MaybeViewer, Viewer};
use serde::Deserialize;
use serving::{Json, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::about::Said;
use crate::key::PhotoKey;
use crate::license::License;
use crate::owner::Owner;
use crate::routes::bodies::{Pending, PhotoBody};
use crate::store::{photos, terms, uses};
use crate::{Photo, State as Inner, erasure, keeping, removal, reuse};

/// How long an answer waits for the other services to have heard that fewer may see a photo.
const HEARD_BY_ALL: Duration = Duration::from_secs(2);

/// Describes one photo: a public one, or one's own.
#[utoipa::path(
    get,
    path = "/v1/photos/{id}",
    operation_id = "read_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which")),
    responses((status = 200, body = PhotoBody), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn read(
    State(Photo(photo)): State<Photo>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PhotoId>,
) -> Result<Json<PhotoBody>> {
    let row = photos::find(&photo.pool, id).await?.ok_or_else(Problem::not_found)?;
    match row.is_public() || viewer.is_some_and(|viewer| row.is_of(viewer.account)) {
        true => Ok(Json(row.into())),
        false => Err(Problem::not_found()),
    }
}

/// What becomes of a photo where other people show it, when its owner deletes it or makes it private.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Uses {
    /// It is gone from there too.
    #[default]
    Take,
    /// It stays there, with its credit, until the last of them is gone.
    Leave,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdatePhoto {
    /// Making it private gives it new addresses.
    visibility: Option<PhotoVisibility>,
    /// At most 200 characters.
    title: Option<String>,
    /// At most 2000 characters.
    alt: Option<String>,
    /// At most 20, each of letters, digits, `_` and `-`.
    tags: Option<Vec<String>>,
    /// What others may do with it.
    license: Option<License>,
    /// Whom to name; at most 200 characters.
    credit: Option<String>,
    /// When it becomes private while others show it: `take` it from them, or `leave` it there. What is left there is a photo of its
    /// own, with the addresses that this one had. Both count.
    #[serde(default)]
    uses: Uses,
}

/// Changes one's own photo. One that was public and becomes private gets a new key, so that its old addresses end, unless it is
/// left to those who show it: then they are another photo's. It is private wherever you show it yourself.
#[utoipa::path(
    patch,
    path = "/v1/photos/{id}",
    operation_id = "update_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which")),
    request_body = UpdatePhoto,
    responses(
        (status = 200, description = "Changed", body = PhotoBody),
        (status = 202, description = "Changed; some services have yet to hear of it", body = PhotoBody),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "Your quota has no room for both photos", body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn update(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path(id): Path<PhotoId>,
    Json(change): Json<UpdatePhoto>,
) -> Result<Response> {
    let UpdatePhoto { visibility, title, alt, tags, license, credit, uses } = change;
    let mut tx = photo.pool.begin().await?;
    // Until the end nobody hides the account: that counts its tags, and has to see this change or come before it.
    erasure::admit(&mut tx, viewer.account).await?;
    let before = photos::lock(&mut tx, id).await?.filter(|row| row.is_of(viewer.account)).ok_or_else(Problem::not_found)?;
    let about = before.about().with(Said { visibility, title, alt, tags, license, credit })?;
    let narrowed = before.is_public() && about.visibility == PhotoVisibility::Private;
    let mut left = None;
    if narrowed {
        // Who is hidden does not count, and may return.
        if uses == Uses::Leave && uses::any(&mut tx, id).await? {
            keeping::has_room_for_another(&mut tx, photo.quota, before.owner).await?;
            left = Some(removal::leave(&mut tx, &before).await?);
        } else {
            reuse::take(&mut tx, &before).await?;
        }
    }
    let key = if narrowed { PhotoKey::random() } else { PhotoKey::try_from(before.key.clone()).map_err(Problem::internal)? };
    photos::update(&mut tx, id, &key, &about).await?;
    let after = photos::find(&mut *tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut told = None;
    if after.state() != before.state() {
        let Owner::Account(owner) = after.owner;
        let fact = Fact::PhotoChanged(PhotoChanged { photo: id, owner, state: Some(after.state()), left });
        told = Some(facts::publish(&mut tx, &fact).await?);
    }
    terms::recount(&mut tx, Some(&before.about()), Some(&about)).await?;
    tx.commit().await?;
    photo.outbox.committed();

    let pending = match told {
        Some(fact) if narrowed => !heard(&photo, fact).await,
        _ => false,
    };
    let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(PhotoBody::from(after).pending(pending))).into_response())
}

/// What becomes of it elsewhere.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Elsewhere {
    /// Where other people show it: `take` it from them, or `leave` it there with its credit. It is taken unless said.
    #[serde(default)]
    #[param(inline)]
    uses: Uses,
}

/// Deletes one's own photo. Its addresses end at once; other people's photos of the same picture stay. If it is left to those
/// who show it, they show another with the addresses that it had, which nobody else finds and which ends when the last of them
/// stops. Until then that one counts for you, and you can still take it.
#[utoipa::path(
    delete,
    path = "/v1/photos/{id}",
    operation_id = "delete_photo",
    tag = "photos",
    params(("id" = PhotoId, Path, description = "Which"), Elsewhere),
    responses(
        (status = 204, description = "Deleted"),
        (status = 202, description = "Deleted; some services have yet to hear of it", body = Pending),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn delete(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path(id): Path<PhotoId>,
    Query(Elsewhere { uses }): Query<Elsewhere>,
) -> Result<Response> {
    let mut tx = photo.pool.begin().await?;
    // Until the end nobody hides the account, as that counts the tags of its photos.
    erasure::admit(&mut tx, viewer.account).await?;
    let row = photos::lock(&mut tx, id).await?.filter(|row| row.owner == Owner::Account(viewer.account)).ok_or_else(Problem::not_found)?;
    let mut left = None;
    if uses == Uses::Leave && row.is_public() && uses::any(&mut tx, id).await? {
        if row.left {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        left = Some(removal::leave(&mut tx, &row).await?);
    }
    let fact = removal::remove(&mut tx, &row, left).await?;
    tx.commit().await?;
    photo.outbox.committed();

    if heard(&photo, fact).await {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response())
}

/// Whether everybody has heard. The change is made, so a database that fails now only leaves it open.
async fn heard(photo: &Inner, fact: FactId) -> bool {
    photo.outbox.passed(fact, HEARD_BY_ALL).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to ask whether a change of a photo was heard of");
        false
    })
}
