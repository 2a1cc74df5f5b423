//! Blocking and unblocking.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use contracts::fact::{Fact, RelationChanged};
use identity::Viewer;
use serving::{Path, ProblemDocument, Result};

use super::{Pending, narrowed, not_oneself};
use crate::Relation;
use crate::store::{blocks, follows, lock_pair};

/// Block somebody: neither sees the other from the answer on, and neither follows the other any more.
#[utoipa::path(put, path = "/v1/relations/{id}/block", tag = "relations", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    not_oneself(viewer.account, target)?;
    let actor = viewer.account;
    let mut tx = relation.pool.begin().await?;
    lock_pair(&mut tx, actor, target).await?;
    let mut fact = None;
    if blocks::insert(&mut tx, actor, target).await? {
        follows::delete(&mut tx, actor, target).await?;
        if follows::delete(&mut tx, target, actor).await? {
            let blocks = blocks::exists(&mut tx, target, actor).await?;
            let changed = RelationChanged { actor: target, target: actor, follows: false, blocks, severed: true };
            facts::publish(&mut tx, &Fact::RelationChanged(changed)).await?;
        }
        let changed = RelationChanged { actor, target, follows: false, blocks: true, severed: true };
        // Told last, so that whoever has passed it has passed the other one too.
        fact = Some(facts::publish(&mut tx, &Fact::RelationChanged(changed)).await?);
    }
    tx.commit().await?;
    Ok(narrowed(&relation, fact).await)
}

/// Unblock. It does not bring back who followed whom.
#[utoipa::path(delete, path = "/v1/relations/{id}/block", tag = "relations", params(("id" = AccountId, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
) -> Result<StatusCode> {
    let actor = viewer.account;
    let mut tx = relation.pool.begin().await?;
    lock_pair(&mut tx, actor, target).await?;
    if blocks::delete(&mut tx, actor, target).await? {
        let changed = RelationChanged { actor, target, follows: false, blocks: false, severed: false };
        facts::publish(&mut tx, &Fact::RelationChanged(changed)).await?;
    }
    tx.commit().await?;
    relation.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}
