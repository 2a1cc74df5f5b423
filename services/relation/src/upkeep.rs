//! What is done now and then: every replica does it, and twice at once changes nothing. What reads all that there is, one replica does
//! at a time.

use std::time::Duration;

use serving::Result;

use crate::Relation;
use crate::change::Change;
use crate::store::{counts, hidden, mutes};

/// How often.
const PAUSE: Duration = Duration::from_secs(600);
/// Mutes that are looked for at once.
const BATCH: i64 = 100;

impl Relation {
    pub(crate) async fn upkeep(&self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = serving::purge_idempotency_keys(&self.0.pool).await {
                tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
            }
            // A failure of these has been logged with its cause when it became a problem; the next round tries again.
            if let Ok(ended @ 1..) = self.end_mutes().await {
                tracing::info!(ended, "deleted mutes that were over");
            }
            match database::alone(&self.0.pool, "relation.counts").await {
                Ok(Some(_alone)) => {
                    let _ = self.mend_counts().await;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "failed to compare counts; trying again later"),
            }
        }
    }

    /// Deletes the mutes that are over, and tells so; says how many.
    pub async fn end_mutes(&self) -> Result<usize> {
        let mut ended = 0;
        loop {
            let over = mutes::over(&self.0.pool, BATCH).await?;
            for mute in &over {
                let mut change = Change::between(&self.0, mute.actor, mute.target).await?;
                if mutes::delete_over(&mut change.tx, mute).await? {
                    change.tell(mute.actor, mute.target, false).await?;
                    change.commit(&self.0).await?;
                    ended += 1;
                }
            }
            if over.is_empty() {
                return Ok(ended);
            }
        }
    }

    /// Compares everybody's counts with what they count, and who is noted as hidden near whom with who is; mends what is wrong, and
    /// says how much there was. Nothing is what it should find: both change in the transaction of what they are about.
    pub async fn mend_counts(&self) -> Result<usize> {
        let (mut after, mut mended) = (0, 0);
        while let (Some(last), wrong) = counts::compare(&self.0.pool, after).await? {
            for account in wrong {
                if counts::mend(&self.0.pool, account).await? {
                    mended += 1;
                    tracing::error!(account, "the counts of an account were wrong; counted anew");
                }
            }
            after = last;
        }
        after = 0;
        while let (Some(last), wrong) = hidden::compare(&self.0.pool, after).await? {
            for account in wrong {
                if hidden::owe(&self.0.pool, account).await? {
                    mended += 1;
                    tracing::error!(account, "near whom an account is hidden was noted wrongly; noted anew");
                }
            }
            after = last;
        }
        Ok(mended)
    }
}
