//! Uploads that go straight to the store; and how they, and those that come in pieces, become photos.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contracts::AccountId;
use contracts::id::UploadId;
use http::StatusCode;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Json, Path, Problem, ProblemDocument, Result};
use sqlx::types::Json as Stored;
use utoipa::ToSchema;

use crate::about::{About, Said};
use crate::declared::Declared;
use crate::keeping::{self, refusal, too_large};
use crate::owner::Owner;
use crate::processing::Reservation;
use crate::routes::bodies::PhotoBody;
use crate::store::photos::PhotoRow;
use crate::store::uploads::{LIFE_MINUTES, UploadRow};
use crate::store::{photos, uploads, usage};
use crate::{Photo, State as Inner, cleaning, erasure, incoming};

/// Uploads of one person that may be under way at once.
const MOST: i64 = 20;

/// What will be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUpload {
    /// Bytes of the file. It is signed: a body of another size is refused by the store.
    size: i64,
    /// What the file is declared to be, such as `image/png`: held against what it is, as in a form. Not signed.
    #[serde(rename = "type")]
    media_type: Option<String>,
    /// What is said of the photo.
    #[serde(default)]
    photo: Said,
}

/// Where to send the file.
#[derive(Serialize, ToSchema)]
pub(crate) struct DirectUpload {
    id: UploadId,
    /// Always `PUT`.
    method: &'static str,
    /// The address at the store. Whoever has it may write this one object, once or again, until it expires.
    url: String,
    /// What to send along, as it is.
    headers: BTreeMap<String, String>,
    /// When the address, and the upload, end.
    expires_at: Timestamp,
}

/// Begins an upload that goes straight to the store: send the file there, then complete the upload. Not every platform's store
/// can be reached; `POST /v1/photos` and tus (`/v1/photos/tus`) work on all.
#[utoipa::path(
    post,
    path = "/v1/photos/uploads",
    operation_id = "create_upload",
    tag = "uploads",
    request_body = NewUpload,
    responses(
        (status = 201, description = "Send the file there", body = DirectUpload),
        (status = 409, description = "Not possible here, your quota is used up, or too many are under way", body = ProblemDocument),
        (status = 413, description = "Too many bytes", body = ProblemDocument),
        (status = 415, description = "Declared as something that is no picture", body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Json(NewUpload { size, media_type, photo: said }): Json<NewUpload>,
) -> Result<(StatusCode, Json<DirectUpload>)> {
    if !photo.objects.is_reached_from_outside() {
        let detail = "The store of this platform cannot be reached from outside. Send the file with POST /v1/photos, or by tus.";
        return Err(Problem::conflict("no-direct-uploads", detail));
    }
    let about = About::default().with(said)?;
    let upload = begin(&photo, viewer.account, true, size, &Declared::new(media_type.as_deref()), about).await?;
    let life = Duration::from_secs(60 * u64::from(LIFE_MINUTES.unsigned_abs()));
    let signed = photo.objects.presign_put(&upload.object_key, size, life).await?;
    let signed = signed.ok_or_else(|| Problem::internal("the store can be reached from outside, and there is no address"))?;
    let (headers, url) = (signed.headers.into_iter().collect(), signed.url);
    Ok((StatusCode::CREATED, Json(DirectUpload { id: upload.id, method: "PUT", url, headers, expires_at: upload.expires_at })))
}

/// Begins an upload of `length` bytes, if there is room for it, and it may be a picture.
pub(super) async fn begin(
    photo: &Inner,
    account: AccountId,
    direct: bool,
    length: i64,
    declared: &Declared,
    about: About,
) -> Result<UploadRow> {
    declared.admit()?;
    let max_bytes = photo.processing.max_bytes();
    if length < 1 {
        return Err(Problem::invalid("size", "at least one byte"));
    }
    if usize::try_from(length).map_or(true, |length| length > max_bytes) {
        return Err(too_large(max_bytes));
    }
    keeping::has_room(photo, account).await?;
    let owner = Owner::Account(account);
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, account).await?;
    // Whoever else begins one of this owner waits here.
    usage::lock(&mut tx, owner).await?;
    if uploads::under_way(&mut tx, owner, direct).await? >= MOST {
        return Err(Problem::conflict("too-many-uploads", format!("You have {MOST} uploads under way. Complete one, or wait an hour.")));
    }
    let id = uploads::insert(&mut tx, owner, &incoming::new_object_key(), direct, length, declared.as_str(), &about).await?;
    let upload = uploads::find(&mut *tx, id, owner).await?.ok_or_else(|| Problem::internal("an upload that was just made is not there"))?;
    tx.commit().await?;
    Ok(upload)
}

/// Makes the photo of an upload of which all bytes have arrived. Doing it again answers with the same photo.
#[utoipa::path(
    post,
    path = "/v1/photos/uploads/{id}/complete",
    operation_id = "complete_upload",
    tag = "uploads",
    params(("id" = UploadId, Path, description = "Which upload")),
    responses(
        (status = 201, description = "Kept", body = PhotoBody),
        (status = 200, description = "It was complete already", body = PhotoBody),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "Bytes are missing, or your quota is used up", body = ProblemDocument),
        (status = 415, description = "Not a picture that is taken, or declared as something else", body = ProblemDocument),
        (status = 422, description = "Too many pixels, or damaged", body = ProblemDocument),
        (status = 429, description = "Too many uploads of yours are running", body = ProblemDocument),
        (status = 503, description = "The store cannot answer, or too many uploads are running", body = ProblemDocument),
    ),
)]
pub(crate) async fn complete(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<UploadId>) -> Result<Response> {
    let owner = Owner::Account(viewer.account);
    let upload = uploads::find(&photo.pool, id, owner).await?.ok_or_else(Problem::not_found)?;
    if let Some(answer) = made(&photo, &upload).await? {
        return Ok(answer);
    }
    keeping::has_room(&photo, viewer.account).await?;
    let reservation = photo.processing.reserve(viewer.account, usize::try_from(upload.length).ok()).await.map_err(refusal)?;
    let file = match incoming::read(&photo, &upload).await {
        Ok(file) => file,
        // Whoever completed it meanwhile has had the bytes deleted.
        Err(problem) => {
            let upload = uploads::find(&photo.pool, id, owner).await?.ok_or_else(Problem::not_found)?;
            return made(&photo, &upload).await?.ok_or(problem);
        }
    };
    keeping::to_its_end(async move { keep(&photo, viewer.account, &upload, file, reservation).await }).await
}

/// Makes the photo of an upload, of which this is the file.
async fn keep(photo: &Inner, account: AccountId, upload: &UploadRow, file: Bytes, reservation: Reservation) -> Result<Response> {
    let stored = match Declared::new(upload.declared.as_deref()).check(&file) {
        Ok(()) => keeping::store(photo, account, file, reservation).await,
        Err(problem) => Err(problem),
    };
    let stored = match stored {
        Ok(stored) => stored,
        Err(problem) => {
            // What will never be a photo need not lie there until its time is over.
            if matches!(problem.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY) {
                abandon(photo, upload.id, Owner::Account(account)).await?;
            }
            return Err(problem);
        }
    };
    let recorded = record(photo, account, upload.id, &stored).await;
    if !matches!(recorded, Ok((StatusCode::CREATED, _))) {
        keeping::discard(photo, &stored).await;
    }
    let (status, row) = recorded?;
    Ok((status, Json(PhotoBody::from(row))).into_response())
}

/// The answer for an upload that has become a photo.
async fn made(photo: &Inner, upload: &UploadRow) -> Result<Option<Response>> {
    let Some(made) = upload.photo else { return Ok(None) };
    let row = photos::find(&photo.pool, made).await?.ok_or_else(Problem::not_found)?;
    Ok(Some(Json(PhotoBody::from(row)).into_response()))
}

/// Writes all rows, or none. Of two who complete one upload at once, the second finds the photo of the first.
async fn record(photo: &Inner, account: AccountId, id: UploadId, stored: &keeping::Stored) -> Result<(StatusCode, PhotoRow)> {
    let mut tx = photo.pool.begin().await?;
    let upload = uploads::lock(&mut tx, id, Owner::Account(account)).await?.ok_or_else(Problem::not_found)?;
    if let Some(made) = upload.photo {
        return Ok((StatusCode::OK, photos::find(&mut *tx, made).await?.ok_or_else(Problem::not_found)?));
    }
    let Stored(about) = upload.about;
    let row = keeping::record(&mut tx, photo.quota, account, stored, &about).await?;
    uploads::become_photo(&mut tx, id, row.id).await?;
    cleaning::delete_incoming_later(&mut tx, &upload.object_key).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, row))
}

/// Ends an upload, and owes the deletion of its bytes. `false` if there is none.
pub(super) async fn abandon(photo: &Inner, id: UploadId, owner: Owner) -> Result<bool> {
    let mut tx = photo.pool.begin().await?;
    let ended = uploads::end(&mut tx, id, owner).await?;
    if let Some(object_key) = &ended {
        cleaning::delete_incoming_later(&mut tx, object_key).await?;
    }
    tx.commit().await?;
    Ok(ended.is_some())
}
