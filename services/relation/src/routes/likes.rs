//! Liking in secret, until it is mutual.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::AccountId;
use contracts::fact::RelationEvent;
use identity::Viewer;
use serde::Serialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::change::Change;
use crate::store::likes;

/// Likes of one person that are not mutual. Counted before a like is made: a few at once may go beyond it.
const MOST_UNANSWERED: i64 = 1_000;

/// What has come of a like.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Liked {
    /// The two like each other, and both are told.
    matched: bool,
}

/// Like somebody in secret. Nobody is told, they least of all, until they like you too: then it is a match, and both are.
#[utoipa::path(put, path = "/v1/relations/{id}/like", tag = "matches", params(("id" = AccountId, Path)), responses(
    (status = 200, body = Liked),
    (status = 404, body = ProblemDocument, description = "Their account is erased"),
    (status = 409, body = ProblemDocument, description = "You block them, or like too many who do not like you"),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(other): Path<AccountId>,
) -> Result<Json<Liked>> {
    let me = viewer.account;
    let mut change = Change::begin(&relation, &viewer, other).await?;
    // Somebody who blocks the viewer cannot like them, so it never matches; and it is gone when the block is.
    change.withheld(me, other).await?;
    let hidden = change.is_hidden(other).await?;
    let before = likes::get(&mut change.tx, me, other).await?;
    let matched = before.theirs && !hidden;
    if before.mine {
        return Ok(Json(Liked { matched }));
    }
    if likes::unanswered(&mut change.tx, me).await? >= MOST_UNANSWERED {
        let detail = format!("You like {MOST_UNANSWERED} people who have not liked you yet. Take one back first.");
        return Err(Problem::conflict("too-many-likes", detail));
    }
    likes::insert(&mut change.tx, me, other).await?;
    if matched {
        change.happened(RelationEvent::Matched, me, other).await?;
        change.happened(RelationEvent::Matched, other, me).await?;
    }
    change.commit(&relation).await?;
    Ok(Json(Liked { matched }))
}

/// Take a like back, or end a match: then neither likes the other any more. They are not told.
#[utoipa::path(delete, path = "/v1/relations/{id}/like", tag = "matches", params(("id" = AccountId, Path)), responses((status = 204)))]
pub(crate) async fn delete(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(other): Path<AccountId>) -> Result<StatusCode> {
    let me = viewer.account;
    let mut change = Change::begin(&relation, &viewer, other).await?;
    let before = likes::get(&mut change.tx, me, other).await?;
    if before.mine {
        likes::delete(&mut change.tx, me, other).await?;
    }
    if before.mine && before.theirs {
        change.ended(RelationEvent::Matched, me, other).await?;
        change.ended(RelationEvent::Matched, other, me).await?;
    }
    change.commit(&relation).await?;
    Ok(StatusCode::NO_CONTENT)
}
