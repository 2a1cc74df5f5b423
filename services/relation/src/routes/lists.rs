//! Followers and following, in pages.

use axum::extract::State;
use contracts::AccountId;
use identity::MaybeViewer;
use serde::Serialize;
use serving::{Page, Paged, Path, Problem, Result};
use utoipa::ToSchema;

use crate::store::follows::{self, Listed};
use crate::store::standing;
use crate::{Relation, State as Inner};

/// One person of a list. Ask social for the profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    id: AccountId,
}

/// Who follows somebody, newest first.
#[utoipa::path(get, path = "/v1/relations/{id}/followers", tag = "relations", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn followers(
    State(Relation(relation)): State<Relation>,
    viewer: MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Person>> {
    visible(&relation, &viewer, id).await?;
    Ok(people(follows::followers(&relation.pool, id, &page).await?, &page))
}

/// Whom somebody follows, newest first.
#[utoipa::path(get, path = "/v1/relations/{id}/following", tag = "relations", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn following(
    State(Relation(relation)): State<Relation>,
    viewer: MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Person>> {
    visible(&relation, &viewer, id).await?;
    Ok(people(follows::following(&relation.pool, id, &page).await?, &page))
}

/// Whoever is blocked finds nobody here.
async fn visible(relation: &Inner, viewer: &MaybeViewer, id: AccountId) -> Result<()> {
    let MaybeViewer(Some(viewer)) = viewer else { return Ok(()) };
    match standing(&relation.pool, viewer.account, id).await?.blocked_by {
        true => Err(Problem::not_found()),
        false => Ok(()),
    }
}

fn people(listed: Vec<Listed>, page: &Page) -> Paged<Person> {
    page.cut(listed, |listed| listed.id).map(|listed| Person { id: listed.account })
}
