//! Who somebody is.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use contracts::{AccountId, PhotoId};
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Serialize};
use serving::{Json, Path, Problem, ProblemDocument, Query, Result};
use utoipa::ToSchema;

use super::bodies::{Listed, Profile};
use super::photos::{Shows, keep, public, tell_shown};
use super::present;
use crate::store::profiles;
use crate::text::{Bio, DisplayName, FieldName, FieldValue, Pronouns};
use crate::{Social, State as Inner};

/// Profiles for which one may ask at once.
const MOST: usize = 100;
/// Fields of one profile.
const MOST_FIELDS: usize = 4;

/// Which profile is looked for, unless it is several.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Find {
    handle: String,
}

/// What was found: by what was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only describes the answers")]
pub(crate) enum FoundProfiles {
    /// By its handle.
    One(Box<Profile>),
    /// By their ids, in the order in which they were asked for. Those that are not there for you are left out.
    Several(Listed<Profile>),
}

/// Find a profile by its handle, `?handle=ada`, or up to 100 by their ids, `?id=1&id=2`.
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles", params(("handle" = Option<String>, Query), ("id" = Option<Vec<AccountId>>, Query)), responses(
    (status = 200, body = FoundProfiles),
    (status = 400, body = ProblemDocument, description = "Neither a handle nor ids, too many, or something that is none"),
    (status = 404, body = ProblemDocument, description = "Nobody here has this handle"),
))]
pub(crate) async fn find(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    by_handle: Result<Query<Find>>,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let viewer = viewer.map(|viewer| viewer.account);
    if let Some(ids) = ids(query.as_deref().unwrap_or_default())? {
        let found = profiles::by_ids(&social.pool, viewer, &ids).await?;
        return Ok(Json(Listed { items: found.into_iter().map(Profile::from).collect() }).into_response());
    }
    let Query(Find { handle }) = by_handle?;
    let handle = plain(&handle).ok_or_else(Problem::not_found)?;
    let found = profiles::by_handle(&social.pool, viewer, &handle).await?;
    Ok(find_by_id(&social, viewer, found.ok_or_else(Problem::not_found)?).await?.into_response())
}

/// A handle as it is kept; nothing for what can be none, such as a NUL, which PostgreSQL would not take.
fn plain(handle: &str) -> Option<String> {
    let fits = handle.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fits.then(|| handle.to_ascii_lowercase())
}

/// The values of `id` in a query, each once; nothing if there is none.
fn ids(query: &str) -> Result<Option<Vec<i64>>> {
    let wrong = || Problem::bad_request(format!("Ask for 1 to {MOST} profiles, each as `id=` and its digits."));
    let mut ids = Vec::new();
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("id=")) {
        let AccountId(id) = value.parse().map_err(|_| wrong())?;
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() > MOST {
            return Err(wrong());
        }
    }
    Ok((!ids.is_empty()).then_some(ids))
}

/// A profile.
#[utoipa::path(get, path = "/v1/profiles/{id}", tag = "profiles", params(("id" = AccountId, Path)), responses((status = 200, body = Profile), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AccountId>,
) -> Result<Json<Profile>> {
    find_by_id(&social, viewer.map(|viewer| viewer.account), id).await
}

async fn find_by_id(social: &Inner, viewer: Option<AccountId>, id: AccountId) -> Result<Json<Profile>> {
    let mut found = profiles::by_ids(&social.pool, viewer, &[id.0]).await?;
    found.pop().map(Profile::from).map(Json).ok_or_else(Problem::not_found)
}

/// Something to say of yourself under a name of your choice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewField {
    /// At most 50 characters.
    #[schema(value_type = String, max_length = 50)]
    name: FieldName,
    /// At most 255 characters.
    #[schema(value_type = String, max_length = 255)]
    value: FieldValue,
}

/// What to change of your profile; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// At most 50 characters.
    #[schema(value_type = Option<String>, max_length = 50)]
    display_name: Option<DisplayName>,
    /// At most 500 characters.
    #[schema(value_type = Option<String>, max_length = 500)]
    bio: Option<Bio>,
    /// How to speak of you, at most 40 characters.
    #[schema(value_type = Option<String>, max_length = 40)]
    pronouns: Option<Pronouns>,
    /// All fields, at most four.
    fields: Option<Vec<NewField>>,
    /// May you be found by search and suggested to others?
    discoverable: Option<bool>,
    /// A public photo, or `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PhotoId>)]
    picture_photo_id: Option<Option<PhotoId>>,
    /// A public photo for the top of the profile, or `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PhotoId>)]
    header_photo_id: Option<Option<PhotoId>>,
}

/// Change your profile. Its pictures are public photos; a private one is refused until you make it public.
#[utoipa::path(patch, path = "/v1/profiles/me", tag = "profiles", request_body = ProfileChange, responses((status = 200, body = Profile), (status = 422, body = ProblemDocument)))]
pub(crate) async fn update(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Json(change): Json<ProfileChange>,
) -> Result<Json<Profile>> {
    let fields = change.fields.map(checked).transpose()?;
    let picture = public(&social, viewer.account, "picture_photo_id", change.picture_photo_id.flatten()).await?;
    let header = public(&social, viewer.account, "header_photo_id", change.header_photo_id.flatten()).await?;
    let mut tx = social.pool.begin().await?;
    for asked in [&picture, &header] {
        keep(&mut tx, asked).await?;
    }
    profiles::ensure(&mut tx, &viewer).await?;
    let discoverable = change.discoverable;
    let change = profiles::Change {
        display_name: change.display_name.as_ref().map(DisplayName::as_str),
        bio: change.bio.as_ref().map(Bio::as_str),
        pronouns: change.pronouns.as_ref().map(Pronouns::as_str),
        fields: fields.as_deref(),
        picture: change.picture_photo_id,
        header: change.header_photo_id,
    };
    let before = profiles::pictures(&mut tx, viewer.account).await?;
    profiles::update(&mut tx, viewer.account, &change).await?;
    if let Some(discoverable) = discoverable {
        profiles::set_discoverable(&mut tx, viewer.account, discoverable).await?;
    }
    let now = profiles::pictures(&mut tx, viewer.account).await?;
    if before != now {
        tell_shown(&mut tx, Shows::profile(viewer.account), &before, &now).await?;
    }
    tx.commit().await?;
    social.outbox.committed();
    find_by_id(&social, Some(viewer.account), viewer.account).await
}

fn checked(fields: Vec<NewField>) -> Result<Vec<profiles::Field>> {
    if fields.len() > MOST_FIELDS {
        return Err(Problem::invalid("fields", format!("a profile has at most {MOST_FIELDS} fields")));
    }
    if let Some(unnamed) = fields.iter().position(|field| field.name.as_str().is_empty()) {
        return Err(Problem::invalid(format!("fields[{unnamed}].name"), "give the field a name"));
    }
    let fields =
        fields.iter().map(|field| profiles::Field { name: field.name.as_str().to_owned(), value: field.value.as_str().to_owned() });
    Ok(fields.collect())
}
