use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::store::photos;

/// Keeps the copies of what relation and photo tell.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(changed) => audience::apply(connection, changed).await,
            Fact::PhotoChanged(changed) => photos::apply(connection, changed).await,
            Fact::PostNarrowed(_) => Ok(()),
        }
    }
}
