//! Reacting with an emoji.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::PostId;
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;

use crate::Social;
use crate::emoji::Emoji;
use crate::store::{posts, profiles, reactions};

/// Different emoji of one person under one post.
const MOST_OF_ACCOUNT: i64 = 8;
/// Different emoji under one post: more would be a wall.
const MOST_OF_POST: i64 = 100;

/// React to a post or a comment. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/posts/{id}/reactions/{emoji}", tag = "reactions", params(("id" = PostId, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "You have reacted often enough, or there are too many different emoji"),
    (status = 422, body = ProblemDocument, description = "It is not exactly one emoji"),
))]
pub(crate) async fn create(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, emoji)): Path<(PostId, String)>,
) -> Result<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    let mut tx = social.pool.begin().await?;
    visible(&mut tx, &viewer, id).await?;
    profiles::ensure(&mut tx, &viewer).await?;
    let room = reactions::room(&mut tx, id, viewer.account, emoji).await?;
    if room.of_account >= MOST_OF_ACCOUNT {
        return Err(Problem::conflict("too-many-reactions", format!("You have {MOST_OF_ACCOUNT} reactions here; take one back first.")));
    }
    if room.of_post >= MOST_OF_POST && !room.known {
        return Err(Problem::conflict("too-many-reactions", "There are enough different emoji here; choose one of them."));
    }
    reactions::insert(&mut tx, id, viewer.account, emoji).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a reaction back.
#[utoipa::path(delete, path = "/v1/posts/{id}/reactions/{emoji}", tag = "reactions", params(("id" = PostId, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, emoji)): Path<(PostId, String)>,
) -> Result<StatusCode> {
    let emoji = Emoji::parse(&emoji)?;
    let mut tx = social.pool.begin().await?;
    visible(&mut tx, &viewer, id).await?;
    reactions::room(&mut tx, id, viewer.account, emoji).await?;
    reactions::delete(&mut tx, id, viewer.account, emoji).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn visible(connection: &mut PgConnection, viewer: &Viewer, id: PostId) -> Result<()> {
    match posts::thread(connection, viewer.account, id).await? {
        Some(_) => Ok(()),
        None => Err(Problem::not_found()),
    }
}
