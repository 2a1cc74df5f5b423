//! Friends: two who both say so.

use axum::extract::State;
use axum::response::Response;
use contracts::AccountId;
use contracts::fact::RelationEvent;
use identity::Viewer;
use serving::{Path, Problem, ProblemDocument, Result};

use super::{Pending, Requested, agreed, narrowed};
use crate::Relation;
use crate::change::Change;
use crate::store::friendships;

/// Requests of one person that wait for an answer. Counted before a request is made: a few at once may go beyond it.
const MOST_UNANSWERED: i64 = 1_000;

/// Be somebody's friend: ask them, or agree where they have asked. Doing it again changes nothing. To somebody who blocks
/// you it answers as to anybody, and nobody hears of it.
#[utoipa::path(put, path = "/v1/relations/{id}/friend", tag = "friends", params(("id" = AccountId, Path)), responses(
    (status = 204, description = "You are friends"),
    (status = 202, body = Requested, description = "They are asked"),
    (status = 404, body = ProblemDocument, description = "Their account is erased"),
    (status = 409, body = ProblemDocument, description = "You block them, or have too many requests without an answer"),
    (status = 422, body = ProblemDocument, description = "It is you"),
))]
pub(crate) async fn create(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(other): Path<AccountId>) -> Result<Response> {
    let me = viewer.account;
    let mut change = Change::begin(&relation, &viewer, other).await?;
    let withheld = change.withheld(me, other).await?;
    let hidden = change.is_hidden(other).await?;
    let before = friendships::get(&mut change.tx, me, other).await?;
    if before.mutual() {
        return Ok(agreed(!hidden));
    }
    if before.mine {
        return Ok(agreed(false));
    }
    if before.theirs {
        friendships::agree(&mut change.tx, me, other).await?;
        change.count(me).friends += 1;
        change.count(other).friends += 1;
        change.tell(me, other, false).await?;
        change.tell(other, me, false).await?;
        change.happened(RelationEvent::Befriended, me, other).await?;
        change.commit(&relation).await?;
        return Ok(agreed(!hidden));
    }
    if friendships::unanswered(&mut change.tx, me).await? >= MOST_UNANSWERED {
        let detail = format!("{MOST_UNANSWERED} of your requests wait for an answer. Take one back first.");
        return Err(Problem::conflict("too-many-friend-requests", detail));
    }
    friendships::ask(&mut change.tx, me, other, withheld).await?;
    if !withheld {
        change.happened(RelationEvent::FriendRequested, me, other).await?;
    }
    change.commit(&relation).await?;
    Ok(agreed(false))
}

/// Be friends no more; or take back that you asked, or decline what they asked. They are not told. From the answer on,
/// neither sees what the other shows to friends.
#[utoipa::path(delete, path = "/v1/relations/{id}/friend", tag = "friends", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
))]
pub(crate) async fn delete(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(other): Path<AccountId>) -> Result<Response> {
    let me = viewer.account;
    let mut change = Change::begin(&relation, &viewer, other).await?;
    let before = friendships::get(&mut change.tx, me, other).await?;
    // A request that is withheld from the viewer stays: they do not know of it.
    if before.mine || !before.withheld {
        friendships::delete(&mut change.tx, me, other).await?;
    }
    let mut fact = None;
    if before.mutual() {
        change.count(me).friends -= 1;
        change.count(other).friends -= 1;
        change.tell(other, me, true).await?;
        // Told last, so that whoever has passed it has passed the other one too.
        fact = Some(change.tell(me, other, true).await?);
    } else if !before.withheld && (before.mine || before.theirs) {
        let (asker, asked) = if before.mine { (me, other) } else { (other, me) };
        change.ended(RelationEvent::FriendRequested, asker, asked).await?;
    }
    change.commit(&relation).await?;
    Ok(narrowed(&relation, fact).await)
}
