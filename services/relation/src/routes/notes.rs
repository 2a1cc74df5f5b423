//! What one notes of somebody, for oneself.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::AccountId;
use identity::Viewer;
use serde::Deserialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::{notes, people};

/// Characters of a note.
const MOST: usize = 2_000;
/// Notes of one account. Counted before a note is made: a few at once may go beyond it.
const MOST_NOTES: i64 = 1_000;

/// A note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    /// 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Note something of somebody. Only you ever see it, in what stands between you and them.
#[utoipa::path(put, path = "/v1/relations/{id}/note", tag = "notes", params(("id" = AccountId, Path)), request_body = Note, responses(
    (status = 204),
    (status = 409, body = ProblemDocument, description = "You have as many notes as one can"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn create(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
    Json(Note { text }): Json<Note>,
) -> Result<StatusCode> {
    if text.trim().is_empty() || text.chars().count() > MOST || text.contains('\0') {
        return Err(Problem::invalid("text", format!("must have 1 to {MOST} characters; to have none, delete the note")));
    }
    people::seen(&relation.pool, &viewer).await?;
    if !notes::has_room(&relation.pool, viewer.account, target, MOST_NOTES).await? {
        return Err(Problem::conflict(
            "too-many-notes",
            format!("You have noted something of {MOST_NOTES} accounts. Delete a note first."),
        ));
    }
    notes::set(&relation.pool, viewer.account, target, &text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete what you noted of somebody.
#[utoipa::path(delete, path = "/v1/relations/{id}/note", tag = "notes", params(("id" = AccountId, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
) -> Result<StatusCode> {
    notes::delete(&relation.pool, viewer.account, target).await?;
    Ok(StatusCode::NO_CONTENT)
}
