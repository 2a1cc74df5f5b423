//! Muting: not seeing somebody, who is not told and may see as before.

use axum::extract::State;
use axum::response::Response;
use contracts::AccountId;
use facts::FactId;
use identity::Viewer;
use jiff::Timestamp;
use serde::Deserialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::{Pending, narrowed};
use crate::change::Change;
use crate::store::mutes::{self, End};
use crate::{Relation, State as Inner};

/// Whom one account may mute. Counted before a mute is made: a few at once may go beyond it.
pub(crate) const MOST: i64 = 5_000;

/// How to mute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mute {
    /// Mute what they would notify you of, too.
    #[serde(default = "yes")]
    notifications: bool,
    /// When it ends, to the second; without it, never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

/// Mute somebody, or mute them otherwise than before. From the answer on, your timelines leave them out.
#[utoipa::path(put, path = "/v1/relations/{id}/mute", tag = "mutes", params(("id" = AccountId, Path)), request_body = Mute, responses(
    (status = 204),
    (status = 202, body = Pending),
    (status = 404, body = ProblemDocument, description = "Their account is erased"),
    (status = 409, body = ProblemDocument, description = "You mute as many as one can"),
    (status = 422, body = ProblemDocument, description = "It is you, or `until` is over"),
))]
pub(crate) async fn create(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
    Json(asked): Json<Mute>,
) -> Result<Response> {
    let end = asked.until.map_or(End::Never, |until| End::At(until.as_second()));
    let fact = mute(&relation, &viewer, target, asked.notifications, end).await?;
    Ok(narrowed(&relation, fact).await)
}

/// Mutes; the fact to wait for, `None` if that was just so before.
pub(super) async fn mute(relation: &Inner, viewer: &Viewer, target: AccountId, notifications: bool, end: End) -> Result<Option<FactId>> {
    if matches!(end, End::At(second) if second <= Timestamp::now().as_second()) {
        return Err(Problem::invalid("until", "must lie in the future"));
    }
    let mut change = Change::begin(relation, viewer, target).await?;
    if !mutes::has_room(&mut change.tx, viewer.account, target, MOST).await? {
        return Err(Problem::conflict("too-many-mutes", format!("You mute {MOST} accounts. Unmute somebody first.")));
    }
    if !mutes::set(&mut change.tx, viewer.account, target, notifications, end).await? {
        return Ok(None);
    }
    let fact = change.tell(viewer.account, target, false).await?;
    change.commit(relation).await?;
    Ok(Some(fact))
}

/// Unmute.
#[utoipa::path(delete, path = "/v1/relations/{id}/mute", tag = "mutes", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
))]
pub(crate) async fn delete(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    let mut change = Change::begin(&relation, &viewer, target).await?;
    let fact = match mutes::delete(&mut change.tx, viewer.account, target).await? {
        true => Some(change.tell(viewer.account, target, false).await?),
        false => None,
    };
    change.commit(&relation).await?;
    Ok(narrowed(&relation, fact).await)
}
