//! What services are told of the time before they kept it: once in the life of a platform, by whichever replica comes first. Twice at
//! once changes nothing.

use std::time::Duration;

use contracts::AccountId;
use serving::Result;

use crate::Relation;
use crate::change::Change;
use crate::store::blocks;
use crate::store::told_once::{self, Block};

/// How long after its start an upgrade is over: no older version of another service hears any more.
const UPGRADED: Duration = Duration::from_secs(600);
/// Blocks that are looked for at once.
const BATCH: i64 = 100;
/// As it stands in the table.
const BLOCKS: &str = "blocks";

impl Relation {
    pub(crate) async fn tell_what_was_before(&self) {
        tokio::time::sleep(UPGRADED).await;
        while self.tell_blocks().await.is_err() {
            // The cause was logged when it became a problem.
            tracing::warn!("failed to tell who blocks whom; trying again later");
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }

    /// Tells how people stand to each other of whom one blocks the other, since photo has not always kept it; says of how many, none
    /// where that was done before.
    ///
    /// # Errors
    ///
    /// What went wrong with the database.
    pub async fn tell_blocks(&self) -> Result<usize> {
        if told_once::is_told(&self.0.pool, BLOCKS).await? {
            return Ok(0);
        }
        let (mut told, mut last) = (0, Block { actor: AccountId(0), target: AccountId(0) });
        loop {
            let found = told_once::blocks_after(&self.0.pool, last, BATCH).await?;
            let Some(end) = found.last() else { break };
            last = *end;
            for Block { actor, target } in found {
                let mut change = Change::between(&self.0, actor, target).await?;
                // It may be gone by now: that was told.
                if blocks::between(&mut change.tx, actor, target).await?.blocking {
                    change.tell(actor, target, false).await?;
                    change.commit(&self.0).await?;
                    told += 1;
                }
            }
        }
        told_once::mark(&self.0.pool, BLOCKS).await?;
        Ok(told)
    }
}
