//! How many follow somebody, and the like.

use axum::extract::State;
use contracts::AccountId;
use identity::MaybeViewer;
use serde::Serialize;
use serving::{Json, Path, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::blocks;
use crate::store::counts::{self, Shown};
use crate::store::lists::{self, List};

/// How many people stand on the lists of an account, without those whom a block severs from you.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    followers: i64,
    following: i64,
    friends: i64,
}

/// How many follow somebody, are followed by them, and are their friends.
#[utoipa::path(get, path = "/v1/relations/{id}/counts", tag = "lists", params(("id" = AccountId, Path)), responses((status = 200, body = Counts)))]
pub(crate) async fn show(
    State(Relation(relation)): State<Relation>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AccountId>,
) -> Result<Json<Counts>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let shown = match (blocks::severed(&relation.pool, viewer, id).await?, viewer) {
        // As if `id` were nobody's: there is what the viewer has done alone.
        (true, Some(viewer)) => {
            Shown { followers: lists::own_count(&relation.pool, List::Followers, id, viewer).await?, ..Shown::default() }
        }
        (true, None) => Shown::default(),
        (false, _) => counts::shown(&relation.pool, id, viewer).await?,
    };
    let Shown { followers, following, friends } = shown;
    Ok(Json(Counts { followers, following, friends }))
}
