//! Blocking and unblocking.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use facts::FactId;
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use super::{Pending, narrowed};
use crate::change::Change;
use crate::store::blocks;
use crate::{Relation, State as Inner};

/// Whom one account may block. Counted before a block is made: a few at once may go beyond it.
const MOST: i64 = 5_000;

/// Block somebody. From the answer on, neither sees the other, and nothing is left between the two: neither follows the
/// other, no request waits, they are not friends, and nobody likes.
#[utoipa::path(put, path = "/v1/relations/{id}/block", tag = "blocks", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
    (status = 404, body = ProblemDocument, description = "Their account is erased"),
    (status = 409, body = ProblemDocument, description = "You block as many as one can"),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    let fact = block(&relation, &viewer, target).await?;
    Ok(narrowed(&relation, fact).await)
}

/// Blocks; the fact to wait for, `None` if that was so before.
pub(super) async fn block(relation: &Inner, viewer: &Viewer, target: AccountId) -> Result<Option<FactId>> {
    let actor = viewer.account;
    let mut change = Change::begin(relation, viewer, target).await?;
    if !blocks::has_room(&mut change.tx, actor, target, MOST).await? {
        return Err(Problem::conflict("too-many-blocks", format!("You block {MOST} accounts. Unblock somebody first.")));
    }
    if !blocks::insert(&mut change.tx, actor, target).await? {
        return Ok(None);
    }
    if change.sever(actor, target).await? {
        change.tell(target, actor, true).await?;
    }
    // Told last, so that whoever has passed it has passed the other one too.
    let fact = change.tell(actor, target, true).await?;
    change.commit(relation).await?;
    Ok(Some(fact))
}

/// Unblock. It does not bring back what was between the two, and what they tried meanwhile is gone.
#[utoipa::path(delete, path = "/v1/relations/{id}/block", tag = "blocks", params(("id" = AccountId, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
) -> Result<StatusCode> {
    let mut change = Change::begin(&relation, &viewer, target).await?;
    if blocks::delete(&mut change.tx, viewer.account, target).await? {
        // Whatever is between the two was made under the block and is withheld: nobody knows of it but who made it.
        change.sever(viewer.account, target).await?;
        change.tell(viewer.account, target, false).await?;
    }
    change.commit(&relation).await?;
    Ok(StatusCode::NO_CONTENT)
}
