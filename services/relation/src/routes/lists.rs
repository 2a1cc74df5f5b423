//! Followers, following and friends of anybody, in pages.

use axum::extract::State;
use contracts::AccountId;
use identity::MaybeViewer;
use serde::Serialize;
use serving::{Page, Paged, Path, Result};
use utoipa::ToSchema;

use crate::store::blocks;
use crate::store::lists::{self, List, Shown};
use crate::{Relation, State as Inner};

/// One person of a list. Ask social for the profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    id: AccountId,
}

/// Who follows somebody, newest first.
#[utoipa::path(get, path = "/v1/relations/{id}/followers", tag = "lists", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn followers(
    State(Relation(relation)): State<Relation>,
    viewer: MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Person>> {
    of(&relation, List::Followers, id, viewer, &page).await
}

/// Whom somebody follows, newest first.
#[utoipa::path(get, path = "/v1/relations/{id}/following", tag = "lists", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn following(
    State(Relation(relation)): State<Relation>,
    viewer: MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Person>> {
    of(&relation, List::Following, id, viewer, &page).await
}

/// Who is somebody's friend, newest first.
#[utoipa::path(get, path = "/v1/relations/{id}/friends", tag = "lists", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn friends(
    State(Relation(relation)): State<Relation>,
    viewer: MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Person>> {
    of(&relation, List::Friends, id, viewer, &page).await
}

/// A list of `id` as the viewer sees it. Where either blocks the other, or `id` is hidden, it is as if `id` were nobody's.
async fn of(relation: &Inner, list: List, id: AccountId, MaybeViewer(viewer): MaybeViewer, page: &Page) -> Result<Paged<Person>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let shown = match (blocks::severed(&relation.pool, viewer, id).await?, viewer) {
        (true, Some(viewer)) => Shown::from(lists::own_rows(&relation.pool, list, id, viewer, page).await?),
        (true, None) => Shown::from(Vec::new()),
        (false, _) => lists::page(&relation.pool, list, id, viewer, page).await?,
    };
    Ok(people(shown, page))
}

/// Puts what was read into a page.
pub(super) fn people(shown: Shown, page: &Page) -> Paged<Person> {
    page.cut_short(shown.people, |listed| listed.id, shown.last).map(|listed| Person { id: listed.account })
}
