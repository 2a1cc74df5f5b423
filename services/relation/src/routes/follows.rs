//! Following and unfollowing.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use contracts::fact::{Fact, RelationChanged};
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use super::{Pending, narrowed, not_oneself};
use crate::Relation;
use crate::store::{blocks, follows, lock_pair};

/// Follow somebody. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/relations/{id}/follow", tag = "relations", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "One of the two blocks the other"),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(target): Path<AccountId>,
) -> Result<StatusCode> {
    not_oneself(viewer.account, target)?;
    let actor = viewer.account;
    let mut tx = relation.pool.begin().await?;
    lock_pair(&mut tx, actor, target).await?;
    let new = follows::insert(&mut tx, actor, target).await?.ok_or_else(Problem::not_found)?;
    if new {
        let fact = RelationChanged { actor, target, follows: true, blocks: false, severed: false };
        facts::publish(&mut tx, &Fact::RelationChanged(fact)).await?;
    }
    tx.commit().await?;
    relation.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}

/// Unfollow. From the answer on, nothing that only followers see is seen.
#[utoipa::path(delete, path = "/v1/relations/{id}/follow", tag = "relations", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
))]
pub(crate) async fn delete(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    let actor = viewer.account;
    let mut tx = relation.pool.begin().await?;
    lock_pair(&mut tx, actor, target).await?;
    let mut fact = None;
    if follows::delete(&mut tx, actor, target).await? {
        let blocks = blocks::exists(&mut tx, actor, target).await?;
        let changed = RelationChanged { actor, target, follows: false, blocks, severed: true };
        fact = Some(facts::publish(&mut tx, &Fact::RelationChanged(changed)).await?);
    }
    tx.commit().await?;
    Ok(narrowed(&relation, fact).await)
}
