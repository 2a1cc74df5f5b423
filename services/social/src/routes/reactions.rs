//! Reacting with an emoji.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::PostId;
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Serialize};
use serving::{Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::bodies::{Author, thumb};
use crate::Social;
use crate::emoji::Emoji;
use crate::store::{emojis, posts, profiles, reactions};

/// Different emoji of one person under one post.
const MOST_OF_ACCOUNT: i64 = 3;
/// Different emoji under one post: more would be a wall.
const MOST_OF_POST: i64 = 20;

/// React to a post or a comment, with an emoji of Unicode or the name of a custom one, such as `:cat:`. Doing it again changes
/// nothing.
#[utoipa::path(put, path = "/v1/posts/{id}/reactions/{emoji}", tag = "reactions", params(("id" = PostId, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "You have reacted often enough, or there are too many different emoji"),
    (status = 422, body = ProblemDocument, description = "It is not exactly one emoji, or a custom one that is not there or off"),
))]
pub(crate) async fn create(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, emoji)): Path<(PostId, String)>,
) -> Result<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    let mut tx = social.pool.begin().await?;
    profiles::ensure(&mut tx, &viewer).await?;
    if !reactions::lock(&mut tx, id, viewer.account).await? {
        return Err(Problem::not_found());
    }
    if emoji.is_custom() && !emojis::is_on(&mut tx, &emoji).await? {
        return Err(Problem::unprocessable("There is no custom emoji of this name; GET /v1/emojis lists them."));
    }
    let room = reactions::room(&mut tx, id, viewer.account, &emoji).await?;
    if room.of_account >= MOST_OF_ACCOUNT {
        return Err(Problem::conflict("too-many-reactions", format!("You have {MOST_OF_ACCOUNT} reactions here; take one back first.")));
    }
    if room.of_post >= MOST_OF_POST && !room.known {
        return Err(Problem::conflict("too-many-reactions", "There are enough different emoji here; choose one of them."));
    }
    reactions::insert(&mut tx, id, viewer.account, &emoji).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a reaction back, also to what you cannot see any more. Where there is none, nothing changes, and the answer is the same.
#[utoipa::path(delete, path = "/v1/posts/{id}/reactions/{emoji}", tag = "reactions", params(("id" = PostId, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "This is no id"),
    (status = 422, body = ProblemDocument, description = "It is not exactly one emoji"),
))]
pub(crate) async fn delete(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, emoji)): Path<(PostId, String)>,
) -> Result<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    let mut tx = social.pool.begin().await?;
    if reactions::lock_own(&mut tx, id, viewer.account, &emoji).await? {
        reactions::delete(&mut tx, id, viewer.account, &emoji).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which reactions are asked for.
#[derive(Deserialize, IntoParams)]
pub(crate) struct Which {
    /// Only this emoji.
    emoji: Option<String>,
}

/// A reaction and who reacted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reactor {
    emoji: String,
    /// The address of the picture of a custom emoji; missing when that is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    account: Author,
}

/// Who reacted to a post or a comment, the last first, without whom you block or who block you.
#[utoipa::path(get, path = "/v1/posts/{id}/reactions", tag = "reactions", params(("id" = PostId, Path), Which), responses(
    (status = 200, body = Paged<Reactor>),
    (status = 404, body = ProblemDocument),
    (status = 422, body = ProblemDocument, description = "It is not exactly one emoji"),
))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
    Query(Which { emoji }): Query<Which>,
    page: Page,
) -> Result<Paged<Reactor>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let emoji = emoji.as_deref().map(Emoji::parse).transpose()?;
    let mut connection = social.pool.acquire().await?;
    if !posts::is_visible(&mut connection, viewer, id).await? {
        return Err(Problem::not_found());
    }
    drop(connection);
    let found = reactions::list(&social.pool, viewer, id, emoji.as_ref(), &page).await?.page(&page);
    let reactors = reactions::by_ids(&social.pool, viewer, id, &found.items).await?;
    Ok(found.replace(reactors).map(|reactor| Reactor {
        emoji: reactor.emoji,
        picture: reactor.emoji_key.as_deref().map(thumb),
        account: Author::new(reactor.account, reactor.handle, reactor.display_name, reactor.picture_key.as_deref()),
    }))
}
