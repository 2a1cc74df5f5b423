//! Uploads that go on where they broke off: the tus protocol 1.0 (<https://tus.io/protocols/resumable-upload>), with its extensions
//! for creation, termination and expiration. Whole uploads become photos by `POST /v1/photos/uploads/{id}/complete`.

mod headers;
pub(crate) mod overridden;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use contracts::id::UploadId;
use futures::StreamExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use self::headers::{
    EXPIRES, EXTENSIONS, LENGTH, MAX_SIZE, METADATA, OFFSET, RESUMABLE, SUPPORTED, VERSION, file_type, http_date, metadata, number, sent,
};
use crate::about::About;
use crate::declared::Declared;
use crate::keeping::refusal;
use crate::owner::Owner;
use crate::routes::uploads::{abandon, begin};
use crate::stall::Patience;
use crate::store::metadata as kept;
use crate::store::uploads::{self, UploadRow};
use crate::{Photo, State as Inner, incoming};

/// Every request says which version it speaks, but for the one that asks, and every answer.
pub(crate) async fn speak(request: Request, next: Next) -> Response {
    let asks = request.method() == Method::OPTIONS;
    let spoken = asks || request.headers().get(&RESUMABLE).is_some_and(|version| version == VERSION);
    let mut response = match spoken {
        true => next.run(request).await,
        false => (StatusCode::PRECONDITION_FAILED, [(SUPPORTED, VERSION)]).into_response(),
    };
    response.headers_mut().insert(RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// Says what is spoken: which version of the protocol, which of its extensions, and up to how many bytes.
#[utoipa::path(
    options,
    path = "/v1/photos/tus",
    operation_id = "read_tus_abilities",
    tag = "uploads",
    responses((status = 204, description = "With `Tus-Version`, `Tus-Extension` and `Tus-Max-Size`")),
)]
pub(crate) async fn abilities(State(Photo(photo)): State<Photo>) -> impl IntoResponse {
    let spoken = [(SUPPORTED, VERSION), (EXTENSIONS, "creation,expiration,termination")];
    (StatusCode::NO_CONTENT, spoken, [(MAX_SIZE, photo.processing.max_bytes().to_string())])
}

/// Begins an upload. Its pieces follow, to the address in `Location`.
#[utoipa::path(
    post,
    path = "/v1/photos/tus",
    operation_id = "create_tus_upload",
    tag = "uploads",
    params(
        ("Tus-Resumable" = String, Header, description = "Always `1.0.0`"),
        ("Upload-Length" = i64, Header, description = "Bytes of the file"),
        ("Upload-Metadata" = Option<String>, Header, description = "visibility, title, alt, tags, license, credit and filetype, each in base64"),
    ),
    responses(
        (status = 201, description = "Send pieces to `Location`, until `Upload-Expires`"),
        (status = 409, description = "Your quota is used up, or too many are under way", body = ProblemDocument),
        (status = 412, description = "Another version of the protocol"),
        (status = 413, description = "Too many bytes", body = ProblemDocument),
        (status = 415, description = "Declared as something that is no picture", body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(State(Photo(photo)): State<Photo>, viewer: Viewer, headers: HeaderMap) -> Result<Response> {
    let length = number(&headers, &LENGTH)?;
    let about = About::default().with(metadata(&headers)?)?;
    let sent = sent(&headers)?;
    let declared = Declared::new(sent.and_then(file_type).as_deref());
    let upload = begin(&photo, viewer.account, false, length, &declared, about).await?;
    if let Some(metadata) = sent {
        kept::keep(&photo.pool, upload.id, metadata).await?;
    }
    let location = HeaderValue::try_from(format!("/v1/photos/tus/{}", upload.id)).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, [(LOCATION, location), (EXPIRES, http_date(upload.expires_at)?)]).into_response())
}

/// Says how far an upload has come, where to go on, and what was said of it.
#[utoipa::path(
    head,
    path = "/v1/photos/tus/{id}",
    operation_id = "read_tus_upload",
    tag = "uploads",
    params(("id" = UploadId, Path, description = "Which upload"), ("Tus-Resumable" = String, Header, description = "Always `1.0.0`")),
    responses(
        (status = 200, description = "With `Upload-Offset`, `Upload-Length` and `Upload-Metadata`"),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn offset(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<UploadId>) -> Result<Response> {
    let upload = own(&photo, &viewer, id).await?;
    let headers = [(OFFSET, upload.received.into()), (LENGTH, upload.length.into()), (EXPIRES, http_date(upload.expires_at)?)];
    let mut response = (StatusCode::OK, headers, [(CACHE_CONTROL, "no-store")]).into_response();
    if let Some(metadata) = kept::of(&photo.pool, id).await? {
        response.headers_mut().insert(METADATA, HeaderValue::try_from(metadata).map_err(Problem::internal)?);
    }
    Ok(response)
}

/// Adds the bytes from `Upload-Offset` on. What has arrived when a connection breaks is kept, up to the last 256 KiB. A hundred
/// pieces of an upload may be smaller than that, and six hours after its beginning it is over.
#[utoipa::path(
    patch,
    path = "/v1/photos/tus/{id}",
    operation_id = "append_tus_upload",
    tag = "uploads",
    params(
        ("id" = UploadId, Path, description = "Which upload"),
        ("Tus-Resumable" = String, Header, description = "Always `1.0.0`"),
        ("Upload-Offset" = i64, Header, description = "Where these bytes begin"),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "Kept, up to the new `Upload-Offset`"),
        (status = 404, body = ProblemDocument),
        (status = 408, description = "Nothing came for a while, or too little; what had come is kept", body = ProblemDocument),
        (status = 409, description = "The upload has come elsewhere: ask where; or in too many small pieces", body = ProblemDocument),
        (status = 413, description = "More bytes than were announced", body = ProblemDocument),
        (status = 415, body = ProblemDocument),
        (status = 429, description = "Too many uploads of yours are running", body = ProblemDocument),
        (status = 503, body = ProblemDocument),
    ),
)]
pub(crate) async fn append(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    if headers.get(CONTENT_TYPE).is_none_or(|media_type| media_type != "application/offset+octet-stream") {
        return Err(Problem::unsupported_media_type("Send `Content-Type: application/offset+octet-stream`."));
    }
    let offset = number(&headers, &OFFSET)?;
    let upload = own(&photo, &viewer, id).await?;
    if offset != upload.received {
        return Err(elsewhere());
    }
    // Memory for one piece, however long the body is.
    let reservation = photo.processing.reserve(viewer.account, Some(incoming::PIECE)).await.map_err(refusal)?;
    let patience = Patience::new(photo.stall, reservation.bytes);
    let reached = keep_all(&photo, &upload, body.into_data_stream(), patience).await?;
    let upload = own(&photo, &viewer, id).await?;
    Ok((StatusCode::NO_CONTENT, [(OFFSET, reached.into()), (EXPIRES, http_date(upload.expires_at)?)]).into_response())
}

/// Keeps what arrives, a piece at a time, and says how far that went.
async fn keep_all(photo: &Inner, upload: &UploadRow, mut body: BodyDataStream, mut patience: Patience) -> Result<i64> {
    let (mut reached, mut pieces) = (upload.received, upload.pieces);
    let mut piece = BytesMut::with_capacity(incoming::PIECE);
    loop {
        let arrived = patience.next(body.next()).await;
        if let Ok(Some(Ok(chunk))) = &arrived {
            patience.came(chunk.len());
            piece.extend_from_slice(chunk);
        }
        let length = i64::try_from(piece.len()).map_err(Problem::internal)?;
        if reached + length > upload.length {
            return Err(Problem::too_large("These are more bytes than the upload was announced with."));
        }
        let over = !matches!(arrived, Ok(Some(Ok(_))));
        if length > 0 && (over || piece.len() >= incoming::PIECE) {
            if pieces >= incoming::most_pieces(upload.length) {
                return Err(too_many_pieces());
            }
            if !incoming::keep(photo, upload, reached, piece.split().freeze()).await? {
                return Err(elsewhere());
            }
            (reached, pieces) = (reached + length, pieces + 1);
        }
        match arrived? {
            Some(Ok(_)) => {}
            None => return Ok(reached),
            Some(Err(_)) => {
                return Err(Problem::bad_request("The connection broke. Ask how far the upload has come, and go on from there."));
            }
        }
    }
}

/// Ends an upload and deletes its bytes.
#[utoipa::path(
    delete,
    path = "/v1/photos/tus/{id}",
    operation_id = "delete_tus_upload",
    tag = "uploads",
    params(("id" = UploadId, Path, description = "Which upload"), ("Tus-Resumable" = String, Header, description = "Always `1.0.0`")),
    responses((status = 204, description = "Ended"), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<UploadId>) -> Result<StatusCode> {
    match abandon(&photo, id, Owner::Account(viewer.account)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// The viewer's upload, of those that come in pieces.
async fn own(photo: &Inner, viewer: &Viewer, id: UploadId) -> Result<UploadRow> {
    let upload = uploads::find(&photo.pool, id, Owner::Account(viewer.account)).await?;
    upload.filter(|upload| !upload.direct).ok_or_else(Problem::not_found)
}

fn too_many_pieces() -> Problem {
    let least = incoming::PIECE / 1024;
    let detail = format!("This upload came in too many small pieces. Delete it, and begin anew with pieces of {least} KiB or more.");
    Problem::conflict("too-many-pieces", detail)
}

fn elsewhere() -> Problem {
    Problem::conflict("upload-offset", "The upload has come to another place. Ask where with HEAD, and go on from there.")
}
