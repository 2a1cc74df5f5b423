use contracts::fact::{Fact, RelationEvent, RelationHappened};
use facts::Apply;
use sqlx::PgConnection;

use crate::store::notifications::Kind;
use crate::store::{home, notifications, photos};

/// Keeps the copies of what relation and photo tell.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(changed) => {
                audience::apply(connection, changed).await?;
                home::stale(connection, changed.actor).await
            }
            Fact::RelationHappened(RelationHappened { event, actor, target }) => {
                notifications::tell(connection, *target, kind(*event), *actor).await
            }
            Fact::PhotoChanged(changed) => photos::apply(connection, changed).await,
            Fact::PostNarrowed(_) | Fact::PhotosShown(_) | Fact::AccountChanged(_) | Fact::Unknown => Ok(()),
        }
    }
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
