//! Who somebody is.

use axum::extract::State;
use contracts::photo::PhotoVisibility;
use contracts::{AccountId, PhotoId};
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Deserializer};
use serving::{Json, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::bodies::Profile;
use super::posts::{keep, usable};
use crate::store::{photos, profiles};
use crate::text::{Bio, DisplayName};
use crate::{Social, State as Inner};

/// Which profile is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Find {
    /// The whole handle.
    handle: String,
}

/// Find a profile by its handle.
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles", params(Find), responses((status = 200, body = Profile), (status = 404, body = ProblemDocument)))]
pub(crate) async fn find(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Query(Find { handle }): Query<Find>,
) -> Result<Json<Profile>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let found = profiles::by_handle(&social.pool, viewer, &handle.to_ascii_lowercase()).await?;
    found.map(Profile::from).map(Json).ok_or_else(Problem::not_found)
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
    /// A public photo, or `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PhotoId>)]
    picture_photo_id: Option<Option<PhotoId>>,
}

/// Tells `null` from what is left out.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Option<PhotoId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change your profile.
#[utoipa::path(patch, path = "/v1/profiles/me", tag = "profiles", request_body = ProfileChange, responses((status = 200, body = Profile), (status = 422, body = ProblemDocument)))]
pub(crate) async fn update(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Json(change): Json<ProfileChange>,
) -> Result<Json<Profile>> {
    let asked: Vec<PhotoId> = change.picture_photo_id.flatten().into_iter().collect();
    let applied = photos::applied(&social.pool).await?;
    let pictures = usable(&social, viewer.account, &asked).await.map_err(|problem| match problem.status().as_u16() {
        422 => Problem::invalid("picture_photo_id", "there is no such photo of yours, and no public one"),
        _ => problem,
    })?;
    if pictures.iter().any(|picture| picture.state.visibility == PhotoVisibility::Private) {
        return Err(Problem::invalid("picture_photo_id", "a profile picture is seen by everybody: make the photo public first"));
    }
    let mut tx = social.pool.begin().await?;
    profiles::ensure(&mut tx, &viewer).await?;
    keep(&mut tx, applied, &pictures).await?;
    let display_name = change.display_name.as_ref().map(DisplayName::as_str);
    let bio = change.bio.as_ref().map(Bio::as_str);
    profiles::update(&mut tx, viewer.account, display_name, bio, change.picture_photo_id).await?;
    tx.commit().await?;
    find_by_id(&social, Some(viewer.account), viewer.account).await
}
