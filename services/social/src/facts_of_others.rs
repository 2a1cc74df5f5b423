use audience::accounts;
use contracts::AccountId;
use contracts::fact::{Fact, RelationEvent, RelationHappened};
use facts::Apply;
use sqlx::PgConnection;

use crate::store::notifications::Kind;
use crate::store::{home, notifications, photos};

/// Keeps the copies of what relation and photo tell, hides who is hidden, and begins to forget whom auth has erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(changed) => {
                if is_any_gone(connection, [changed.actor, changed.target]).await? {
                    return Ok(());
                }
                audience::apply(connection, changed).await?;
                home::stale(connection, changed.actor).await
            }
            Fact::RelationHappened(RelationHappened { event, actor, target }) => {
                if is_any_gone(connection, [*actor, *target]).await? {
                    return Ok(());
                }
                notifications::tell(connection, *target, kind(*event), *actor).await
            }
            Fact::PhotoChanged(changed) => photos::apply(connection, changed).await,
            Fact::AccountChanged(changed) => accounts::apply(connection, changed).await,
            Fact::AccountErased(erased) => accounts::erase(connection, erased.account).await,
            Fact::PostNarrowed(_)
            | Fact::PhotosShown(_)
            | Fact::InterestChanged(_)
            | Fact::ProfileChanged(_)
            | Fact::AccountForgotten(_)
            | Fact::Unknown => Ok(()),
        }
    }
}

/// Is one of the two gone for good? What comes late about them makes no row.
async fn is_any_gone(connection: &mut PgConnection, two: [AccountId; 2]) -> sqlx::Result<bool> {
    for account in two {
        if accounts::is_gone(connection, account).await? {
            return Ok(true);
        }
    }
    Ok(false)
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
