//! Who shows whose photos, and where.

use axum::extract::State;
use contracts::id::UseId;
use contracts::{AccountId, PhotoId};
use http::StatusCode;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::owner::Owner;
use crate::store::uses::{Shown, UseRow};
use crate::store::{blocks, photos, uses};
use crate::{Photo, erasure, reuse, text};

/// Places outside of the platform that one person may name for one photo.
const MOST: i64 = 20;
/// Most characters of an address.
const URL: usize = 2000;
/// Most characters of a note.
const NOTE: usize = 500;

/// Where a photo is shown outside of the platform: an address, a note, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUse {
    /// Such as `https://blog.example.org/pier`; at most 2000 characters.
    url: Option<String>,
    /// Such as `Printed in our school's newspaper`; at most 500 characters.
    note: Option<String>,
}

/// What kind of thing shows a photo.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A post or a comment.
    Post,
    /// A profile.
    Profile,
    /// An album.
    Album,
    /// Something outside of the platform.
    Elsewhere,
    /// Something on the platform, it is not known yet what.
    Unknown,
}

/// Somebody shows another's photo. It is said who and in what kind of thing; in which, where everybody may see it: a post may be for
/// friends.
#[derive(Serialize, ToSchema)]
#[schema(as = Use)]
pub(crate) struct UseBody {
    id: UseId,
    /// Who.
    account: AccountId,
    #[schema(inline)]
    kind: Kind,
    /// Where it is: `/v1/posts/17`, `/v1/profiles/5` or `/v1/albums/3`. Missing of what is not for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Outside of the platform, in the words of who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Outside of the platform, in the words of who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    created_at: Timestamp,
}

impl From<UseRow> for UseBody {
    fn from(row: UseRow) -> Self {
        let UseRow { id, account, source, open, url, note, created_at } = row;
        let (kind, place) = match source.split_once(':') {
            Some(("post", id)) => (Kind::Post, Some(format!("/v1/posts/{id}"))),
            Some(("profile", id)) => (Kind::Profile, Some(format!("/v1/profiles/{id}"))),
            Some(("album", id)) => (Kind::Album, Some(format!("/v1/albums/{id}"))),
            Some(("elsewhere", _)) => (Kind::Elsewhere, None),
            _ => (Kind::Unknown, None),
        };
        Self { id, account, kind, path: place.filter(|_| open), url, note, created_at }
    }
}

impl NewUse {
    fn check(self) -> Result<Self> {
        let given = |field: &str, given: Option<String>, most: usize| {
            let given = given.map(|given| text::text(field, &given, most)).transpose()?;
            Ok::<_, Problem>(given.filter(|given| !given.is_empty()))
        };
        let (url, note) = (given("url", self.url, URL)?, given("note", self.note, NOTE)?);
        if let Some(url) = &url {
            let address = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if !address.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')) || url.contains(char::is_whitespace)
            {
                return Err(Problem::invalid("url", "an address that begins with https:// or http://"));
            }
        }
        match (&url, &note) {
            (None, None) => Err(Problem::invalid("url", "say where: an address, a note, or both")),
            _ => Ok(Self { url, note }),
        }
    }

    /// The same place has the same source, however often it is said.
    fn source(&self) -> String {
        let said = format!("{}\n{}", self.url.as_deref().unwrap_or_default(), self.note.as_deref().unwrap_or_default());
        let digest = Sha256::digest(said);
        format!("elsewhere:{}", digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// Says that you show somebody's public photo outside of the platform, so that its owner knows. What you show here is noted by
/// itself. Saying it again changes nothing and answers alike. Where one of you blocks the other, nothing can be said: it is a 404.
#[utoipa::path(
    post,
    path = "/v1/photos/{id}/uses",
    operation_id = "create_use",
    tag = "uses",
    params(("id" = PhotoId, Path, description = "Which photo")),
    request_body = NewUse,
    responses(
        (status = 201, description = "Noted", body = UseBody),
        (status = 200, description = "It was noted already", body = UseBody),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "You have named too many places for this photo", body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path(id): Path<PhotoId>,
    Json(said): Json<NewUse>,
) -> Result<(StatusCode, Json<UseBody>)> {
    let said = said.check()?;
    let (account, source) = (viewer.account, said.source());
    let mut tx = photo.pool.begin().await?;
    erasure::admit(&mut tx, account).await?;
    // Nobody says anything of what they do not see.
    photos::find(&mut *tx, id).await?.ok_or_else(Problem::not_found)?;
    let row = photos::lock(&mut tx, id).await?.filter(|row| row.is_public() || row.is_of(account)).ok_or_else(Problem::not_found)?;
    if row.is_of(account) {
        return Err(Problem::unprocessable("This photo is yours: there is nobody to tell."));
    }
    // Whoever is blocked is not to reach them with words of their own either.
    let Owner::Account(owner) = row.owner;
    if blocks::between(&mut tx, owner, account).await? {
        return Err(Problem::not_found());
    }
    if row.left {
        return Err(Problem::unprocessable("Its owner has taken this photo back: only who shows it already may go on."));
    }
    if let Some(noted) = uses::at(&mut *tx, id, account, &source).await? {
        return Ok((StatusCode::OK, Json(noted.into())));
    }
    if uses::elsewhere(&mut tx, id, account).await? >= MOST {
        let detail = format!("You have named {MOST} places for this photo. Take one back first.");
        return Err(Problem::conflict("too-many-uses", detail));
    }
    let shown = Shown { account, source: &source, open: false, url: said.url.as_deref(), note: said.note.as_deref() };
    uses::add(&mut tx, id, shown).await?;
    let noted = uses::at(&mut *tx, id, account, &source).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(noted.into())))
}

/// Who shows a photo of yours, be it one that you have left to them: newest first.
#[utoipa::path(
    get,
    path = "/v1/photos/{id}/uses",
    operation_id = "list_uses",
    tag = "uses",
    params(
        ("id" = PhotoId, Path, description = "Which photo"),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 80; 20 unless said"),
        ("before" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
        ("after" = Option<String>, Query, description = "A cursor taken from a `Link` header"),
    ),
    responses((status = 200, description = "A page of uses", body = Paged<UseBody>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list(State(Photo(photo)): State<Photo>, viewer: Viewer, Path(id): Path<PhotoId>, page: Page) -> Result<Paged<UseBody>> {
    photos::find(&photo.pool, id).await?.filter(|row| row.owner == Owner::Account(viewer.account)).ok_or_else(Problem::not_found)?;
    let found = uses::of(&photo.pool, id, &page).await?;
    Ok(page.cut(found, |row| row.id.0).map(UseBody::from))
}

/// Takes back that you show a photo outside of the platform, or deletes what somebody has said so of a photo of yours. What is shown
/// here ends with what shows it.
#[utoipa::path(
    delete,
    path = "/v1/photos/{id}/uses/{use_id}",
    operation_id = "delete_use",
    tag = "uses",
    params(("id" = PhotoId, Path, description = "Which photo"), ("use_id" = UseId, Path, description = "Which use")),
    responses((status = 204, description = "Taken back, or deleted"), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(
    State(Photo(photo)): State<Photo>,
    viewer: Viewer,
    Path((id, use_id)): Path<(PhotoId, UseId)>,
) -> Result<StatusCode> {
    let mut tx = photo.pool.begin().await?;
    let row = photos::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let noted = uses::find(&mut tx, id, use_id).await?;
    let is_mine = |noted: &UseRow| noted.account == viewer.account || row.owner == Owner::Account(viewer.account);
    let noted = noted.filter(is_mine).ok_or_else(Problem::not_found)?;
    if !noted.source.starts_with("elsewhere:") {
        return Err(Problem::unprocessable("This ends by itself when what shows the photo is gone."));
    }
    reuse::ends(&mut tx, &row, noted.account, &noted.source).await?;
    tx.commit().await?;
    photo.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}
