//! Uploads as one form.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::response::Response;
use contracts::AccountId;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use identity::Viewer;
use serving::{Attempt, Idempotency, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::about::About;
use crate::form::UploadForm;
use crate::keeping::{self, Stored, refusal, too_large};
use crate::license::License;
use crate::routes::bodies::PhotoBody;
use crate::stall::Patience;
use crate::{FORM_BYTES, Photo, State as Inner};

/// The parts of the form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what `UploadForm` reads")]
pub(crate) struct NewPhoto {
    /// A JPEG, PNG, WebP, GIF or AVIF picture, declared as one of these or not at all.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// `public` or `private`; private unless said.
    visibility: Option<contracts::photo::PhotoVisibility>,
    /// At most 200 characters.
    title: Option<String>,
    /// What it shows, in words; at most 2000 characters.
    alt: Option<String>,
    /// Separated by commas; at most 20, each of letters, digits, `_` and `-`.
    tags: Option<String>,
    /// What others may do with it; all rights reserved unless said.
    license: Option<License>,
    /// Whom to name; at most 200 characters.
    credit: Option<String>,
}

/// Uploads a photo. What is kept is encoded anew, upright, and without anything that the camera wrote beside the pixels.
#[utoipa::path(
    post,
    path = "/v1/photos",
    operation_id = "upload_photo",
    tag = "photos",
    request_body(content = NewPhoto, content_type = "multipart/form-data"),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes sending it twice safe")),
    responses(
        (status = 201, description = "Kept", body = PhotoBody),
        (status = 408, description = "Nothing came for a while, or too little", body = ProblemDocument),
        (status = 409, description = "Your quota is used up", body = ProblemDocument),
        (status = 413, description = "Too many bytes", body = ProblemDocument),
        (status = 415, description = "Not a picture that is taken, or declared as something else", body = ProblemDocument),
        (status = 422, description = "Too many pixels, damaged, or a text is not acceptable", body = ProblemDocument),
        (status = 429, description = "Too many uploads of yours are running", body = ProblemDocument),
        (status = 503, description = "The store cannot answer, or too many uploads are running", body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    idempotency: Idempotency,
    headers: HeaderMap,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    let max_bytes = photo.processing.max_bytes();
    let form =
        form.map_err(|_| Problem::unsupported_media_type("Send a form as `multipart/form-data`, with the picture in the part `file`."))?;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > max_bytes.saturating_add(FORM_BYTES)) {
        return Err(too_large(max_bytes));
    }
    let reservation = photo.processing.reserve(viewer.account, declared).await.map_err(refusal)?;
    let patience = Patience::new(photo.stall, reservation.bytes);
    let form = UploadForm::read(form, max_bytes, reservation.bytes, patience).await?;
    form.declared.check(&form.file)?;
    photo.processing.judge(&form.file).map_err(refusal)?;

    // Asked now, so that a repeat costs no work, and again in the transaction of the effect, where it counts.
    let idempotency = idempotency.fingerprint(form.fingerprint);
    if let Some(answer) = idempotency.stored(&photo.pool, viewer.account).await? {
        return Ok(answer);
    }
    let account = viewer.account;
    keeping::has_room(&photo, account).await?;
    let UploadForm { file, about, .. } = form;
    keeping::to_its_end(async move {
        let stored = keeping::store(&photo, account, file, reservation).await?;
        let kept = record(&photo, account, idempotency, &about, &stored).await;
        if kept.is_err() {
            keeping::discard(&photo, &stored).await;
        }
        kept
    })
    .await
}

/// Writes all rows and the stored answer, or none.
async fn record(photo: &Inner, account: AccountId, idempotency: Idempotency, about: &About, stored: &Stored) -> Result<Response> {
    let mut tx = match idempotency.begin(&photo.pool, account).await? {
        Attempt::Fresh(tx) => tx,
        Attempt::Replayed(answer) => {
            keeping::discard(photo, stored).await;
            return Ok(answer);
        }
    };
    let row = keeping::record(&mut tx, photo.quota, account, stored, about).await?;
    tx.finish(StatusCode::CREATED, &PhotoBody::from(row)).await
}
