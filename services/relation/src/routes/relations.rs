//! How the viewer stands to somebody.

use axum::extract::State;
use contracts::AccountId;
use identity::Viewer;
use serde::Serialize;
use serving::{Json, Path, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::standing;

/// How the viewer and another account stand to each other. Being blocked is not told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relationship {
    id: AccountId,
    following: bool,
    followed_by: bool,
    blocking: bool,
}

/// How you stand to somebody.
#[utoipa::path(get, path = "/v1/relations/{id}", tag = "relations", params(("id" = AccountId, Path)), responses((status = 200, body = Relationship)))]
pub(crate) async fn show(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(id): Path<AccountId>,
) -> Result<Json<Relationship>> {
    let standing = standing(&relation.pool, viewer.account, id).await?;
    Ok(Json(Relationship { id, following: standing.following, followed_by: standing.followed_by, blocking: standing.blocking }))
}
