use std::collections::{BTreeMap, BTreeSet};

use audience::accounts;
use contracts::fact::{Fact, PhotosShown};
use facts::Apply;
use sqlx::PgConnection;

use crate::reuse::{self, What};
use crate::store::{blocks, grants};

/// What photo does with the facts of others: it refuses the grants that relation and social make untrue, keeps who blocks whom, notes
/// who shows whose photos, hides what is whose account auth hides, and begins to forget whom auth has erased.
pub(crate) struct FactsOfOthers;

impl Apply for FactsOfOthers {
    async fn apply(&self, connection: &mut PgConnection, facts: &[Fact]) -> sqlx::Result<()> {
        let (mut blocks, mut severed, mut narrowed) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for fact in facts {
            match fact {
                Fact::RelationChanged(change) => {
                    // Of several about the same two the last counts.
                    blocks.insert((change.actor, change.target), change.blocks);
                    if change.severed {
                        severed.insert((change.actor.min(change.target), change.actor.max(change.target)));
                    }
                }
                Fact::PostNarrowed(change) => {
                    narrowed.insert(format!("post:{}", change.post));
                }
                Fact::PhotosShown(shown) => shows(connection, shown).await?,
                Fact::AccountChanged(changed) => accounts::apply(connection, changed).await?,
                Fact::AccountErased(erased) => accounts::erase(connection, erased.account).await?,
                // More may be seen than before, or it is nothing to photo.
                _ => {}
            }
        }
        blocks::apply(connection, &blocks).await?;
        grants::withdraw(connection, &severed, &Vec::from_iter(narrowed)).await
    }
}

/// Notes who shows whose photos. What an account shows that is gone is forgotten with it.
async fn shows(connection: &mut PgConnection, shown: &PhotosShown) -> sqlx::Result<()> {
    if accounts::is_gone(connection, shown.author).await? {
        return Ok(());
    }
    let photos: Vec<i64> = shown.photos.iter().map(|photo| photo.0).collect();
    reuse::shows(connection, shown.author, What { source: &shown.source, open: shown.open }, &photos).await
}
