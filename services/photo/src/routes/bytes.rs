use aws_sdk_s3::primitives::ByteStreamError;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::photo::PhotoVisibility;
use futures::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use identity::MediaViewer;
use imaging::Format;
use serde::Deserialize;
use serving::{Path, Problem, ProblemDocument, Query, Result};
use utoipa::IntoParams;

use crate::key::PhotoKey;
use crate::objects::ObjectError;
use crate::owner::Owner;
use crate::rendition::{Coding, Rendition};
use crate::representation::{self, Part};
use crate::store::photos::BytesRow;
use crate::store::{grants, photos};
use crate::variant::Variant;
use crate::{Photo, State as Inner, cleaning, negotiation};

/// A browser may show again for five minutes what its user has seen. A cache that others share must ask each time: a photo
/// that is deleted or made private is gone for them at the next request, and whoever wants another format than the cache holds
/// gets that one, even where the cache does not look at `Vary`.
const PUBLIC: &str = "public, max-age=300, s-maxage=0";
/// Kept by nobody but the viewer, and shown again only after asking.
const PRIVATE: &str = "private, no-cache";
/// Whether other sites may show a picture (Fetch Standard, section 3.7).
const RESOURCE_POLICY: &str = "cross-origin-resource-policy";

/// What comes with the address of a private photo.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GrantQuery {
    /// Of the service that shows it. Good for the viewer it names, whose access token or media cookie must come along.
    grant: Option<String>,
}

/// Fetches a picture, or a range of its bytes. Whoever may not see it finds nothing.
///
/// `large`, `small` and `thumb` are WebP if `Accept` names `image/webp` and does not prefer JPEG, and JPEG otherwise. Those of a photo
/// that was uploaded before there were both are WebP. `original` is one file, and `Accept` changes nothing.
#[utoipa::path(
    get,
    path = "/p/{key}/{variant}",
    operation_id = "read_bytes",
    tag = "bytes",
    params(
        ("key" = PhotoKey, Path, description = "Of the photo"),
        ("variant" = Variant, Path, description = "Which of its pictures"),
        GrantQuery,
    ),
    responses(
        (status = 200, description = "The picture", content(("image/jpeg"), ("image/webp"), ("image/png"))),
        (status = 206, description = "A range of it", content(("image/jpeg"), ("image/webp"), ("image/png"))),
        (status = 304, description = "The version that the caller holds is the one there is"),
        (status = 404, body = ProblemDocument),
        (status = 416, description = "There is nothing in this range"),
    ),
)]
pub(crate) async fn read(
    State(Photo(state)): State<Photo>,
    caller: MediaViewer,
    Path((key, variant)): Path<(PhotoKey, Variant)>,
    Query(query): Query<GrantQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let photo = photos::at(&state.pool, &key).await?.ok_or_else(Problem::not_found)?;
    // Before anything else, conditional answers included.
    if !may_see(&state, &photo, caller, query.grant.as_deref()).await? {
        return Err(Problem::not_found());
    }
    let (rendition, size) = chosen(&photo, variant, negotiation::coding(&headers))?;
    let etag = format!("\"{}-{rendition}\"", URL_SAFE_NO_PAD.encode(&photo.sha256[..16]));
    let common = common(&photo, rendition, &etag);
    if representation::is_held(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    // For no other method ranges are defined (RFC 9110, section 14.2).
    let part = if method == Method::GET { representation::part(&headers, &etag, size) } else { Part::Whole };
    let (status, range) = match part {
        Part::Whole => (StatusCode::OK, None),
        Part::Range { first, last } => (StatusCode::PARTIAL_CONTENT, Some((first, last))),
        Part::Unsatisfiable => {
            let range = [(CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range, common).into_response());
        }
    };
    let body = match method {
        Method::HEAD => Body::empty(),
        _ => body(&state, &photo, rendition, size, range).await?,
    };
    let mut response = (status, common, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(&photo, rendition)?));
    let (first, last) = range.unwrap_or((0, size.saturating_sub(1)));
    headers.insert(CONTENT_LENGTH, (last - first + 1).into());
    if range.is_some() {
        let range = HeaderValue::try_from(format!("bytes {first}-{last}/{size}")).expect("numbers make a header");
        headers.insert(CONTENT_RANGE, range);
    }
    Ok(response)
}

/// Everybody sees what is public. What is private is seen by its owner, and by the viewer whom a living grant names: the
/// grant alone proves nothing, as addresses are copied and logged.
async fn may_see(state: &Inner, photo: &BytesRow, caller: MediaViewer, grant: Option<&str>) -> Result<bool> {
    if photo.visibility == PhotoVisibility::Public {
        return Ok(true);
    }
    let Some(viewer) = caller.viewer().await? else { return Ok(false) };
    let Owner::Account(owner) = photo.owner;
    if viewer.account == owner {
        return Ok(true);
    }
    let Some(grant) = grant.and_then(|token| state.identity.grant(token).ok()) else { return Ok(false) };
    let names_this = grant.photo == photo.id && grant.owner == owner && grant.viewer == viewer.account;
    Ok(names_this && !grants::withdrawn(&state.pool, &grant).await?)
}

/// Which of its files a client is sent that wants it coded like this, and how many bytes that has.
fn chosen(photo: &BytesRow, variant: Variant, coding: Coding) -> Result<(Rendition, u64)> {
    // What was kept before there were JPEGs has none.
    let renditions = [coding, Coding::WebP].map(|coding| Rendition::of(variant, coding));
    let found = renditions.into_iter().find_map(|rendition| Some((rendition, photo.sizes.of(rendition)?)));
    let (rendition, size) = found.ok_or_else(|| Problem::internal("a photo has no WebP"))?;
    Ok((rendition, u64::try_from(size).map_err(Problem::internal)?))
}

fn media_type(photo: &BytesRow, rendition: Rendition) -> Result<&'static str> {
    match rendition {
        Rendition::Original => {
            let known = [Format::Jpeg, Format::Png, Format::WebP].map(Format::media_type);
            let media_type = known.into_iter().find(|media_type| *media_type == photo.original_type);
            media_type.ok_or_else(|| Problem::internal("a photo's media type is none that is written"))
        }
        Rendition::Large(coding) | Rendition::Small(coding) | Rendition::Thumb(coding) => Ok(coding.media_type()),
    }
}

/// The headers of every answer about a picture. Nothing in it may ever run as part of our site, whatever it is made of.
fn common(photo: &BytesRow, rendition: Rendition, etag: &str) -> HeaderMap {
    let etag = HeaderValue::try_from(etag).expect("base64url in quotes");
    let mut headers = HeaderMap::from_iter([
        (ETAG, etag),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ]);
    match photo.visibility {
        PhotoVisibility::Public => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
        PhotoVisibility::Private => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        }
    }
    let varies = match (photo.visibility, rendition) {
        (PhotoVisibility::Public, Rendition::Original) => None,
        (PhotoVisibility::Public, _) => Some("accept"),
        (PhotoVisibility::Private, Rendition::Original) => Some("authorization, cookie"),
        (PhotoVisibility::Private, _) => Some("accept, authorization, cookie"),
    };
    if let Some(varies) = varies {
        headers.insert(VARY, HeaderValue::from_static(varies));
    }
    headers
}

/// A picture of `size` bytes, or a range of it.
async fn body(state: &Inner, photo: &BytesRow, rendition: Rendition, size: u64, range: Option<(u64, u64)>) -> Result<Body> {
    let object = cleaning::object(&photo.object_key, rendition);
    if matches!(rendition, Rendition::Small(_) | Rendition::Thumb(_)) {
        let whole = usize::try_from(size).map_err(Problem::internal)?;
        if let Some(picture) = state.recent.picture(&state.objects, &object, whole).await.map_err(not_fetched)? {
            let Some((first, last)) = range else { return Ok(picture.into()) };
            let (first, last) = (usize::try_from(first).map_err(Problem::internal)?, usize::try_from(last).map_err(Problem::internal)?);
            return Ok(picture.slice(first..=last).into());
        }
    }
    fetch(state, &object, range).await
}

fn not_fetched(error: ObjectError) -> Problem {
    match error {
        // Deleted since its row was read, most likely.
        error @ ObjectError::Missing(_) => {
            tracing::warn!(%error, "failed to find the bytes of a photo");
            Problem::not_found()
        }
        error => error.into(),
    }
}

/// The object's bytes as they come from the store.
pub(super) async fn fetch(state: &Inner, object: &str, range: Option<(u64, u64)>) -> Result<Body> {
    let bytes = state.objects.get(object, range).await.map_err(not_fetched)?;
    let chunks = stream::try_unfold(bytes, |mut bytes| async move {
        let chunk = bytes.try_next().await?;
        Ok::<_, ByteStreamError>(chunk.map(|chunk| (chunk, bytes)))
    });
    Ok(Body::from_stream(chunks))
}
