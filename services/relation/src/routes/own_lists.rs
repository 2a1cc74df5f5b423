//! The lists that only their owner reads.

use axum::extract::State;
use identity::Viewer;
use serving::{Page, Paged, Result};

use super::lists::{self as pages, Person};
use crate::store::lists::{self, List};
use crate::store::people;
use crate::{Relation, State as Inner};

/// Who asks to follow you, newest first.
#[utoipa::path(get, path = "/v1/relations/follow-requests", tag = "lists", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn follow_requests(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::FollowRequests, &viewer, &page).await
}

/// Whom you have asked to follow, newest first.
#[utoipa::path(get, path = "/v1/relations/follow-requests/sent", tag = "lists", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn sent_follow_requests(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::SentFollowRequests, &viewer, &page).await
}

/// Who asks you to be friends, newest first.
#[utoipa::path(get, path = "/v1/relations/friend-requests", tag = "lists", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn friend_requests(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::FriendRequests, &viewer, &page).await
}

/// Whom you have asked to be friends, newest first.
#[utoipa::path(get, path = "/v1/relations/friend-requests/sent", tag = "lists", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn sent_friend_requests(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::SentFriendRequests, &viewer, &page).await
}

/// Whom you like and who likes you, newest first.
#[utoipa::path(get, path = "/v1/relations/matches", tag = "matches", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn matches(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::Matches, &viewer, &page).await
}

/// Whom you block, newest first.
#[utoipa::path(get, path = "/v1/relations/blocks", tag = "blocks", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn blocks(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::Blocks, &viewer, &page).await
}

/// Whom you mute, newest first.
#[utoipa::path(get, path = "/v1/relations/mutes", tag = "mutes", responses((status = 200, body = Paged<Person>)))]
pub(crate) async fn mutes(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Paged<Person>> {
    own(&relation, List::Mutes, &viewer, &page).await
}

async fn own(relation: &Inner, list: List, viewer: &Viewer, page: &Page) -> Result<Paged<Person>> {
    people::seen(&relation.pool, viewer).await?;
    let shown = lists::page(&relation.pool, list, viewer.account, Some(viewer.account), page).await?;
    Ok(pages::people(shown, page))
}
