use audience::accounts;
use contracts::fact::Fact;
use facts::Apply;
use sqlx::PgConnection;

use crate::reuse;
use crate::store::grants;

/// What photo does with the facts of others: it refuses the grants that relation and social make untrue, notes who shows whose
/// photos, hides what is whose account auth hides, and begins to forget whom auth has erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, fact: &Fact) -> sqlx::Result<()> {
        match fact {
            Fact::RelationChanged(change) if change.severed => grants::sever(connection, change.actor, change.target).await?,
            Fact::AccountChanged(changed) => return accounts::apply(connection, changed).await,
            Fact::AccountErased(erased) => return accounts::erase(connection, erased.account).await,
            Fact::PostNarrowed(change) => grants::narrow(connection, &format!("post:{}", change.post)).await?,
            Fact::PhotosShown(shown) => {
                // What an account shows that is gone is forgotten with it.
                if accounts::is_gone(connection, shown.author).await? {
                    return Ok(());
                }
                let photos: Vec<i64> = shown.photos.iter().map(|photo| photo.0).collect();
                return reuse::shows(connection, shown.author, &shown.source, &photos).await;
            }
            // More may be seen than before, or it is nothing to photo.
            _ => return Ok(()),
        }
        grants::forget(connection).await
    }
}
