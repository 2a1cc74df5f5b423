use audience::accounts;
use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::facts_of_relation;
use crate::store::photos;

/// Keeps the copies of what relation and photo tell, hides who is hidden, and begins to forget whom auth has erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        for fact in facts {
            match fact {
                Fact::PhotoChanged(changed) => photos::apply(connection, changed).await?,
                Fact::AccountChanged(changed) => accounts::apply(connection, changed).await?,
                Fact::AccountErased(erased) => accounts::erase(connection, erased.account).await?,
                // Below, all together.
                Fact::RelationChanged(_) | Fact::RelationHappened(_) | Fact::RelationEnded(_) => {}
                Fact::PostNarrowed(_)
                | Fact::PhotosShown(_)
                | Fact::InterestChanged(_)
                | Fact::ProfileChanged(_)
                | Fact::AccountPosted(_)
                | Fact::AccountForgotten(_)
                | Fact::Unknown => {}
            }
        }
        facts_of_relation::apply(connection, facts).await
    }
}
