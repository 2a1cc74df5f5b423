//! Following, asking to follow, and letting others.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use contracts::fact::RelationEvent;
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use super::{Pending, Requested, agreed, narrowed};
use crate::change::Change;
use crate::store::{follows, friendships, people, requests};
use crate::{Relation, State as Inner};

/// Follow somebody, or ask to where they approve their followers. Doing it again changes nothing. To somebody who blocks
/// you it answers as to anybody, and nobody hears of it.
#[utoipa::path(put, path = "/v1/relations/{id}/follow", tag = "follows", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Requested, description = "They approve their followers, and are asked"),
    (status = 404, body = ProblemDocument, description = "Their account is erased"),
    (status = 409, body = ProblemDocument, description = "You block them, or follow as many as one can"),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    Ok(agreed(follow(&relation, &viewer, target).await?))
}

/// Follows; `false` if it has to be approved, as far as the viewer may know.
pub(super) async fn follow(relation: &Inner, viewer: &Viewer, target: AccountId) -> Result<bool> {
    let actor = viewer.account;
    let mut change = Change::begin(relation, viewer, target).await?;
    let withheld = change.withheld(actor, target).await?;
    if follows::exists(&mut change.tx, actor, target).await? {
        return Ok(true);
    }
    if people::must_ask(&mut change.tx, target).await? {
        if requests::insert(&mut change.tx, actor, target, withheld).await? {
            change.count(actor).pending += 1;
            if !withheld {
                change.happened(RelationEvent::FollowRequested, actor, target).await?;
            }
        }
        let hidden = change.is_hidden(target).await?;
        change.commit(relation).await?;
        return Ok(hidden);
    }
    // Asked when they still approved their followers.
    if requests::delete(&mut change.tx, actor, target).await?.is_some() {
        change.count(actor).pending -= 1;
    }
    change.follow(actor, target, withheld).await?;
    if !withheld {
        change.happened(RelationEvent::Followed, actor, target).await?;
    }
    change.commit(relation).await?;
    Ok(true)
}

/// Unfollow, or take back that you asked to. From the answer on, nothing that only followers see is seen.
#[utoipa::path(delete, path = "/v1/relations/{id}/follow", tag = "follows", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
))]
pub(crate) async fn delete(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(target): Path<AccountId>) -> Result<Response> {
    let actor = viewer.account;
    let mut change = Change::begin(&relation, &viewer, target).await?;
    if let Some(withheld) = requests::delete(&mut change.tx, actor, target).await? {
        change.count(actor).pending -= 1;
        if !withheld {
            change.ended(RelationEvent::FollowRequested, actor, target).await?;
        }
    }
    let fact = match change.unfollow(actor, target).await? {
        true => Some(end(&mut change, actor, target).await?),
        false => None,
    };
    change.commit(&relation).await?;
    Ok(narrowed(&relation, fact).await)
}

/// Let somebody follow you who has asked to.
#[utoipa::path(put, path = "/v1/relations/{id}/follower", tag = "follows", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "They have not asked, or no longer"),
))]
pub(crate) async fn accept(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(asker): Path<AccountId>) -> Result<StatusCode> {
    let mut change = Change::begin(&relation, &viewer, asker).await?;
    if change.is_hidden(asker).await? {
        return Err(Problem::not_found());
    }
    if requests::take(&mut change.tx, asker, viewer.account).await? {
        change.count(asker).pending -= 1;
        change.follow(asker, viewer.account, false).await?;
        change.happened(RelationEvent::FollowAccepted, viewer.account, asker).await?;
        change.commit(&relation).await?;
    } else if !follows::is_known(&mut change.tx, asker, viewer.account).await? {
        return Err(Problem::not_found());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Refuse somebody who asks to follow you, or make them follow you no more. They are not told.
#[utoipa::path(delete, path = "/v1/relations/{id}/follower", tag = "follows", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
))]
pub(crate) async fn remove(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(other): Path<AccountId>) -> Result<Response> {
    let mut change = Change::begin(&relation, &viewer, other).await?;
    if requests::take(&mut change.tx, other, viewer.account).await? {
        change.count(other).pending -= 1;
        change.ended(RelationEvent::FollowRequested, other, viewer.account).await?;
    }
    let mut fact = None;
    // What is withheld from the viewer stays: they do not know of it.
    if follows::is_known(&mut change.tx, other, viewer.account).await? {
        change.unfollow(other, viewer.account).await?;
        fact = Some(end(&mut change, other, viewer.account).await?);
    }
    change.commit(&relation).await?;
    Ok(narrowed(&relation, fact).await)
}

/// Tells that `actor` follows `target` no more. Friends go on seeing what followers see.
async fn end(change: &mut Change, actor: AccountId, target: AccountId) -> Result<facts::FactId> {
    let friends = friendships::get(&mut change.tx, actor, target).await?.mutual();
    change.tell(actor, target, !friends).await
}
