use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::reuse;
use crate::store::grants;

/// What photo does with the facts of relation and social: it refuses the grants that they make untrue, and notes who shows
/// whose photos.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(change) if change.severed => grants::sever(connection, change.actor, change.target).await?,
            Fact::PostNarrowed(change) => grants::narrow(connection, &format!("post:{}", change.post)).await?,
            Fact::PhotosShown(shown) => {
                let photos: Vec<i64> = shown.photos.iter().map(|photo| photo.0).collect();
                return reuse::shows(connection, shown.author, &shown.source, &photos).await;
            }
            // More may be seen than before, or it is nothing to photo.
            _ => return Ok(()),
        }
        grants::forget(connection).await
    }
}
