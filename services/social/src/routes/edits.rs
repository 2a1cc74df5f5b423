//! Changing a post: what it says, and for whom it is.

use audience::Visibility;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::fact::{Fact, PostNarrowed};
use contracts::{AccountId, PhotoId, PostId};
use facts::FactId;
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serving::{Json, Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::bodies::Post;
use super::photos::{Shows, keep, tell_shown, usable};
use super::posts::{check_photos, read, tell_narrowed};
use super::{heard, load, present};
use crate::Social;
use crate::entities::{self, mentioned};
use crate::store::posts::{Content, count_in_profile, is_open, show_photos};
use crate::store::revisions::{self, Current};
use crate::store::{self, threads};
use crate::text::{ContentWarning, Language, PostText};

/// How often what a post says and shows may change: each time keeps what it was before.
const MOST_REVISIONS: i32 = 50;

/// What to change of a post; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostChange {
    /// At most 5,000 characters.
    #[schema(value_type = Option<String>, max_length = 5000)]
    text: Option<PostText>,
    /// At most 500 characters; empty for none.
    #[schema(value_type = Option<String>, max_length = 500)]
    content_warning: Option<ContentWarning>,
    /// The primary subtag of BCP 47, or `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 3)]
    language: Option<Option<Language>>,
    /// For whom from now on. It cannot be said of a comment.
    visibility: Option<Visibility>,
    /// All the photos that it shows from now on: at most ten, each once.
    photos: Option<Vec<PhotoId>>,
}

/// A post after a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changed {
    #[serde(flatten)]
    post: Post,
    /// Some services have yet to hear of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

/// Change a post or comment of yours. What it said and showed before can be read in its revisions. From a 200 on, nobody sees it for
/// whom it is no more.
#[utoipa::path(patch, path = "/v1/posts/{id}", tag = "posts", params(("id" = PostId, Path)), request_body = PostChange, responses(
    (status = 200, body = Changed),
    (status = 202, body = Changed, description = "It is for fewer now, and some services have yet to hear of it"),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "It was changed too often"),
    (status = 422, body = ProblemDocument),
    (status = 503, body = ProblemDocument, description = "Its photos cannot be checked now"),
))]
pub(crate) async fn update(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path(id): Path<PostId>,
    Json(change): Json<PostChange>,
) -> Result<Response> {
    let photos = change.photos.as_deref().unwrap_or_default();
    check_photos(photos)?;
    let asked = usable(&social, viewer.account, photos).await?;
    let mut tx = social.pool.begin().await?;
    keep(&mut tx, &asked).await?;
    threads::lock(&mut tx, id).await?;
    let before = revisions::current(&mut tx, viewer.account, id).await?.ok_or_else(Problem::not_found)?;
    if before.root.is_some() && change.visibility.is_some() {
        return Err(Problem::invalid("visibility", "a comment is for those who see what it answers; leave this out"));
    }
    let fact = apply(&mut tx, viewer.account, id, &before, &change).await?;
    tx.commit().await?;
    social.outbox.committed();
    let pending = match fact {
        Some(fact) => !heard(&social, fact).await,
        None => false,
    };
    let post = load::post(&social, Some(viewer.account), id).await?;
    let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Changed { post, pending })).into_response())
}

/// Makes the change; answers what was told, if fewer see something now.
async fn apply(tx: &mut PgConnection, author: AccountId, id: PostId, before: &Current, change: &PostChange) -> Result<Option<FactId>> {
    let text = change.text.as_ref().map_or(before.text.as_str(), PostText::as_str);
    let photos = change.photos.as_deref().unwrap_or(&before.photos);
    if text.is_empty() && photos.is_empty() {
        return Err(Problem::invalid("text", "write something, or show a photo"));
    }
    let content_warning = change.content_warning.as_ref().map_or(before.content_warning.as_str(), ContentWarning::as_str);
    let language = match &change.language {
        Some(language) => language.as_ref().map(Language::as_str),
        None => before.language.as_deref(),
    };
    let entities = if text == before.text { before.entities.0.clone() } else { read(tx, author, text).await? };
    let content = Content { text, content_warning, language, entities: &entities };

    let said = text != before.text || content_warning != before.content_warning || language != before.language.as_deref();
    let showed = photos != before.photos;
    if (said || showed) && revisions::insert(tx, id).await? > MOST_REVISIONS {
        return Err(Problem::conflict(
            "too-many-edits",
            format!("A post can be changed {MOST_REVISIONS} times. Delete it, and post anew."),
        ));
    }
    // Before whom it names changes: who is told of a mention is asked by its new audience.
    let visibility = change.visibility.unwrap_or(before.visibility);
    if visibility != before.visibility {
        revisions::set_visibility(tx, id, visibility).await?;
        threads::set_visibility(tx, id, visibility).await?;
        match (is_open(before.visibility), is_open(visibility)) {
            (true, false) => count_in_profile(tx, author, -1).await?,
            (false, true) => count_in_profile(tx, author, 1).await?,
            _ => {}
        }
    }
    if said || showed {
        revisions::rewrite(tx, id, &content).await?;
        store::entities::keep(tx, id, &mentioned(&entities), &entities::tags(&entities)).await?;
    }
    // The other way round: somebody sees it now who did not.
    if narrows(visibility, before.visibility) {
        store::entities::tell_mentioned(tx, id).await?;
    }
    if showed {
        show_photos(tx, id, photos).await?;
        tell_shown(tx, Shows::post(id, author, visibility), &before.photos, photos).await?;
    }
    let open = visibility == Visibility::Public;
    if open != (before.visibility == Visibility::Public) {
        store::photos::tell_open(tx, id, open).await?;
    }

    let now = mentioned(&entities);
    let unmentioned = before.root.is_none() && mentioned(&before.entities).iter().any(|account| !now.contains(account));
    if narrows(before.visibility, visibility) || (visibility == Visibility::Direct && unmentioned) {
        return tell_narrowed(tx, author, id).await.map(Some);
    }
    if before.photos.iter().any(|photo| !photos.contains(photo)) {
        let fact = facts::publish(tx, &Fact::PostNarrowed(PostNarrowed { post: id, author })).await?;
        return Ok(Some(fact));
    }
    Ok(None)
}

/// Is there anybody who may see the one and not the other?
fn narrows(before: Visibility, after: Visibility) -> bool {
    match (before, after) {
        (_, Visibility::Public | Visibility::Unlisted) | (Visibility::Friends, Visibility::Followers) => false,
        _ => before != after,
    }
}

#[cfg(test)]
mod tests {
    use audience::{Standing, may_see};

    use super::*;

    #[test]
    fn a_change_narrows_if_somebody_sees_less() {
        let standings =
            (0..8_u8).map(|bits| Standing { follows: bits & 1 > 0, friends: bits & 2 > 0, mentioned: bits & 4 > 0, ..Standing::default() });
        for before in Visibility::ALL {
            for after in Visibility::ALL {
                let loses = standings.clone().any(|standing| may_see(before, standing) && !may_see(after, standing));
                assert_eq!(narrows(before, after), loses, "{before:?} to {after:?}");
            }
        }
    }
}
