use std::time::Duration;

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::response::Response;
use futures::future::try_join_all;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use identity::Viewer;
use imaging::{Error as ImageError, Format};
use serving::{Attempt, Idempotency, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::form::{UploadForm, too_large};
use crate::key::PhotoKey;
use crate::owner::Owner;
use crate::photo::Photo;
use crate::processing::{Cleaned, ProcessingError};
use crate::store::photos::Description;
use crate::store::{blobs, photos};
use crate::variant::Variant;
use crate::{AppState, FORM_BYTES, cleaning, objects};

/// The parts of the form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what `UploadForm` reads")]
pub struct NewPhoto {
    /// A JPEG, PNG or WebP picture.
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
        (status = 201, description = "Kept", body = Photo),
        (status = 413, description = "Too many bytes", body = ProblemDocument),
        (status = 415, description = "Not a picture that is taken", body = ProblemDocument),
        (status = 422, description = "Too many pixels, damaged, or a text is not acceptable", body = ProblemDocument),
        (status = 503, description = "The store cannot answer, or too many uploads are running", body = ProblemDocument),
    ),
)]
pub async fn create(
    State(state): State<AppState>,
    viewer: Viewer,
    idempotency: Idempotency,
    headers: HeaderMap,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    let max_bytes = state.processing.max_bytes();
    let form =
        form.map_err(|_| Problem::unsupported_media_type("Send a form as `multipart/form-data`, with the picture in the part `file`."))?;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > max_bytes.saturating_add(FORM_BYTES)) {
        return Err(too_large(max_bytes));
    }
    let reservation = state.processing.reserve(declared).await.map_err(refusal)?;
    let form = UploadForm::read(form, max_bytes, reservation.bytes).await?;
    state.processing.judge(&form.file).map_err(refusal)?;

    // Asked now, so that a repeat costs no work, and again in the transaction of the effect, where it counts.
    let idempotency = idempotency.fingerprint(form.fingerprint);
    if let Some(answer) = idempotency.stored(&state.pool, viewer.account).await? {
        return Ok(answer);
    }
    let cleaned = state.processing.clean(form.file.clone(), reservation).await.map_err(refusal)?;

    let object_key = cleaning::new_object_key();
    let kept = async {
        put(&state, &object_key, &cleaned).await?;
        record(&state, viewer, idempotency, &form, &cleaned, &object_key).await
    };
    let kept = kept.await;
    if kept.is_err() {
        discard(&state, &object_key).await;
    }
    kept
}

/// Writes the objects under a key that nobody knows yet.
async fn put(state: &AppState, object_key: &str, cleaned: &Cleaned) -> objects::Result<()> {
    let Cleaned { original, large, thumb, .. } = cleaned;
    let pictures = [(Variant::Original, original), (Variant::Large, large), (Variant::Thumb, thumb)];
    let puts =
        pictures.map(|(variant, picture)| async move { state.objects.put(&cleaning::object(object_key, variant), picture.clone()).await });
    try_join_all(puts).await.map(drop)
}

/// Writes all rows and the stored answer, or none.
async fn record(
    state: &AppState,
    viewer: Viewer,
    idempotency: Idempotency,
    form: &UploadForm,
    cleaned: &Cleaned,
    object_key: &str,
) -> Result<Response> {
    let mut tx = match idempotency.begin(&state.pool, viewer.account).await? {
        Attempt::Fresh(tx) => tx,
        Attempt::Replayed(answer) => {
            discard(state, object_key).await;
            return Ok(answer);
        }
    };
    if blobs::refer(&mut tx, cleaned, object_key).await? != object_key {
        // Somebody has kept the same picture before; who, and that they have, stays between them and us.
        cleaning::delete_later(&mut tx, object_key).await?;
    }
    let UploadForm { visibility, title, alt, tags, .. } = form;
    let description = Description { key: &PhotoKey::random(), visibility: *visibility, title, alt, tags };
    let id = photos::insert(&mut tx, Owner::Account(viewer.account), &cleaned.sha256, &description).await?;
    let photo = photos::find(&mut *tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.finish(StatusCode::CREATED, &Photo::from(photo)).await
}

/// Leaves objects that no row names to a job. If that fails too, the sweep finds them.
async fn discard(state: &AppState, object_key: &str) {
    let owed = async {
        let mut connection = state.pool.acquire().await?;
        cleaning::delete_later(&mut connection, object_key).await
    };
    if let Err(error) = owed.await {
        tracing::warn!(%error, object_key, "failed to enqueue the deletion of objects; the sweep will delete them");
    }
}

/// Why there will be no photo, in words that say what to do.
fn refusal(error: ProcessingError) -> Problem {
    let taken = Format::READ;
    match error {
        ProcessingError::Refused(ImageError::NotAnImage) => {
            Problem::unsupported_media_type(format!("The file is not an image. Send one of these: {taken}."))
        }
        ProcessingError::Refused(ImageError::Unsupported(kind)) => {
            Problem::unsupported_media_type(format!("There is no way to keep {kind} images here. Send one of these: {taken}."))
        }
        ProcessingError::Refused(error @ ImageError::TooLarge { .. }) => Problem::invalid("file", format!("{error}; make it smaller")),
        ProcessingError::Refused(error @ ImageError::Damaged(_)) => {
            tracing::debug!(%error, "refused an upload");
            Problem::invalid("file", "the image is damaged or incomplete; save it again in an image editor, then send that")
        }
        error @ (ProcessingError::Refused(ImageError::Encoding(_)) | ProcessingError::Died(_)) => Problem::internal(error),
        ProcessingError::Busy => Problem::unavailable("Too many uploads are running. Try again in a moment.", Duration::from_secs(5)),
    }
}
