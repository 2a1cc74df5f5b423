//! Custom emoji: everybody uses them, administrators make them.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::PhotoId;
use identity::{Admin, MaybeViewer};
use serde::{Deserialize, Serialize};
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::bodies::{Listed, thumb};
use super::photos::{keep, public};
use crate::emoji::Emoji;
use crate::store::acts::{self, Kind, NewAct};
use crate::store::{emojis, profiles};
use crate::text::EmojiCategory;
use crate::{Social, State as Inner};

/// Custom emoji of one platform: they are listed at once.
const MOST: i64 = 1_000;

/// A custom emoji.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomEmoji {
    /// As it is written in texts and reactions, such as `:cat:`.
    emoji: String,
    /// Under which heading to offer it; empty for none.
    category: String,
    /// The address of its picture; missing when that was made private or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    /// It cannot be used and shows no picture: an administrator has switched it off, or it has none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

impl From<emojis::Custom> for CustomEmoji {
    fn from(custom: emojis::Custom) -> Self {
        let emojis::Custom { emoji, category, disabled, key } = custom;
        Self { emoji, category, disabled: disabled || key.is_none(), picture: key.as_deref().map(thumb) }
    }
}

/// The custom emoji that are on, by category and name.
#[utoipa::path(get, path = "/v1/emojis", operation_id = "list_emojis", tag = "reactions", responses((status = 200, body = Listed<CustomEmoji>)))]
pub(crate) async fn list(State(Social(social)): State<Social>, _: MaybeViewer) -> Result<Json<Listed<CustomEmoji>>> {
    listed(&social, false).await
}

/// All custom emoji, also those that are off, by category and name; for administrators.
#[utoipa::path(get, path = "/v1/moderation/emojis", operation_id = "list_all_emojis", tag = "moderation", responses(
    (status = 200, body = Listed<CustomEmoji>),
    (status = 403, body = ProblemDocument),
))]
pub(crate) async fn list_all(State(Social(social)): State<Social>, _: Admin) -> Result<Json<Listed<CustomEmoji>>> {
    listed(&social, true).await
}

async fn listed(social: &Inner, all: bool) -> Result<Json<Listed<CustomEmoji>>> {
    let listed = emojis::list(&social.pool, all).await?;
    Ok(Json(Listed { items: listed.into_iter().map(CustomEmoji::from).collect() }))
}

/// What a custom emoji shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmojiPicture {
    /// A public photo.
    photo_id: PhotoId,
    /// At most 50 characters.
    #[schema(value_type = Option<String>, max_length = 50)]
    category: Option<EmojiCategory>,
}

/// Names nothing unless it can be a name.
fn named(shortcode: &str) -> Result<Emoji> {
    Emoji::custom(shortcode).ok_or_else(Problem::not_found)
}

/// Make a custom emoji, or give it another picture, and switch it on. Its name, without colons, is 2 to 30 letters, digits and
/// `_`, and capitals are taken as small letters. For administrators.
#[utoipa::path(put, path = "/v1/emojis/{shortcode}", operation_id = "set_emoji", tag = "moderation", params(("shortcode" = String, Path)), request_body = EmojiPicture, responses(
    (status = 200, body = CustomEmoji),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument, description = "It can be no name"),
    (status = 409, body = ProblemDocument, description = "There are 1,000"),
    (status = 422, body = ProblemDocument, description = "The photo is not public, or not there"),
    (status = 503, body = ProblemDocument, description = "The photo cannot be checked now"),
))]
pub(crate) async fn set(
    State(Social(social)): State<Social>,
    Admin(admin): Admin,
    Path(shortcode): Path<String>,
    Json(EmojiPicture { photo_id, category }): Json<EmojiPicture>,
) -> Result<Json<CustomEmoji>> {
    let emoji = named(&shortcode)?;
    let photo = public(&social, admin.account, "photo_id", Some(photo_id)).await?;
    let mut tx = social.pool.begin().await?;
    keep(&mut tx, &photo).await?;
    profiles::ensure(&mut tx, &admin).await?;
    if emojis::count_others(&mut tx, &emoji).await? >= MOST {
        return Err(Problem::conflict("too-many-emojis", format!("There are {MOST} custom emoji; give one of them another picture.")));
    }
    let set = emojis::set(&mut tx, &emoji, photo_id, category.as_ref().map_or("", EmojiCategory::as_str)).await?;
    let act = NewAct { emoji: Some(emoji.as_str()), ..NewAct::of(admin.account, Kind::EmojiSet) };
    acts::insert(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(Json(set.into()))
}

/// Switch a custom emoji off: nobody can use it, and where it was used its name stands. Doing it again changes nothing. For
/// administrators.
#[utoipa::path(delete, path = "/v1/emojis/{shortcode}", operation_id = "disable_emoji", tag = "moderation", params(("shortcode" = String, Path)), responses(
    (status = 204),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn disable(
    State(Social(social)): State<Social>,
    Admin(admin): Admin,
    Path(shortcode): Path<String>,
) -> Result<StatusCode> {
    let emoji = named(&shortcode)?;
    let mut tx = social.pool.begin().await?;
    if emojis::disable(&mut tx, &emoji).await?.ok_or_else(Problem::not_found)? {
        profiles::ensure(&mut tx, &admin).await?;
        let act = NewAct { emoji: Some(emoji.as_str()), ..NewAct::of(admin.account, Kind::EmojiDisabled) };
        acts::insert(&mut tx, &act).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
