use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::store::grants;

/// What photo does with the facts of relation and social: it refuses the grants that they make untrue.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(change) if change.severed => grants::sever(connection, change.actor, change.target).await?,
            Fact::PostNarrowed(change) => grants::narrow(connection, &format!("post:{}", change.post)).await?,
            // More may be seen than before, or it is nothing to photo.
            _ => return Ok(()),
        }
        grants::forget(connection).await
    }
}
