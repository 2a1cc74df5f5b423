use std::collections::BTreeSet;

use audience::{accounts, relations};
use contracts::AccountId;
use contracts::fact::{Fact, RelationChanged, RelationEnded, RelationEvent, RelationHappened};
use sqlx::PgConnection;

use crate::store::notifications::{Happened, Kind};
use crate::store::{home, notifications};

/// Applies what relation tells, all in a few statements: first how people stand to each other now, and then what they are told, which
/// is what they may know as they stand now.
pub(crate) async fn apply(connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
    let people: BTreeSet<AccountId> = facts.iter().filter_map(two).flatten().collect();
    if people.is_empty() {
        return Ok(());
    }
    // What comes late about somebody who is gone for good makes no row.
    let gone = accounts::gone(connection, &people).await?;
    let of_present = |fact: &&Fact| two(fact).is_some_and(|two| two.iter().all(|account| !gone.contains(account)));
    let (mut changed, mut happened) = (Vec::new(), Vec::new());
    for fact in facts.iter().filter(of_present) {
        match fact {
            Fact::RelationChanged(told) => {
                changed.push(told);
                happened.extend(over(told));
            }
            Fact::RelationHappened(RelationHappened { event, actor, target }) => {
                happened.push(Happened { reader: *target, kind: kind(*event), actor: *actor, ended: false });
            }
            Fact::RelationEnded(RelationEnded { event, actor, target }) => {
                happened.push(Happened { reader: *target, kind: kind(*event), actor: *actor, ended: true });
            }
            _ => {}
        }
    }
    relations::apply(connection, &changed).await?;
    notifications::tell(connection, &happened).await?;
    // Whose home timelines are to be built anew: last, because deliveries lock many of their rows too.
    let readers: BTreeSet<i64> = changed.iter().map(|changed| changed.actor.0).collect();
    home::stale(connection, &Vec::from_iter(readers)).await
}

/// Between whom it is, if it is of relation.
fn two(fact: &Fact) -> Option<[AccountId; 2]> {
    match fact {
        Fact::RelationChanged(RelationChanged { actor, target, .. })
        | Fact::RelationHappened(RelationHappened { actor, target, .. })
        | Fact::RelationEnded(RelationEnded { actor, target, .. }) => Some([*actor, *target]),
        _ => None,
    }
}

/// What the two may have been told and what holds no more, as things stand between them now. Requests that come to nothing and matches
/// that end are told as such, but for what a block ends.
fn over(changed: &RelationChanged) -> impl Iterator<Item = Happened> {
    let RelationChanged { actor, target, follows, blocks, friends, .. } = *changed;
    let over = [
        (!follows, target, Kind::Follow, actor),
        (!follows, actor, Kind::FollowAccepted, target),
        (!friends, target, Kind::Friend, actor),
        (follows || blocks, target, Kind::FollowRequest, actor),
        (blocks, actor, Kind::FollowRequest, target),
        (friends || blocks, target, Kind::FriendRequest, actor),
        (friends || blocks, actor, Kind::FriendRequest, target),
        (blocks, target, Kind::Match, actor),
        (blocks, actor, Kind::Match, target),
    ];
    over.into_iter().filter(|(is_over, ..)| *is_over).map(|(_, reader, kind, actor)| Happened { reader, kind, actor, ended: true })
}

/// What somebody is told of it.
fn kind(event: RelationEvent) -> Kind {
    match event {
        RelationEvent::Followed => Kind::Follow,
        RelationEvent::FollowRequested => Kind::FollowRequest,
        RelationEvent::FollowAccepted => Kind::FollowAccepted,
        RelationEvent::FriendRequested => Kind::FriendRequest,
        RelationEvent::Befriended => Kind::Friend,
        RelationEvent::Matched => Kind::Match,
    }
}
