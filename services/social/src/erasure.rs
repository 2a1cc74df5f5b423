//! Forgetting somebody, a piece at a time: what they said goes as if they had deleted it, but that a post for everybody which others
//! have answered keeps its place, so that what others said stays.

use std::sync::Arc;

use audience::forgetting::{Forget, Progress};
use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

use crate::store::{erasure, threads, tombstones};
use crate::{State, deletions};

pub(crate) struct Erasure(pub(crate) Arc<State>);

impl Forget for Erasure {
    async fn forget(&self, account: AccountId) -> Result<Progress> {
        let mut tx = self.0.pool.begin().await?;
        let more = delete_some(&mut tx, account).await?;
        if !more {
            erasure::empty_profile(&mut tx, account).await?;
            facts::forget(&mut tx, account).await?;
        }
        tx.commit().await?;
        self.0.outbox.committed();
        Ok(if more { Progress::More } else { Progress::Done })
    }
}

/// Deletes some of what is left; `false` if that was nothing.
async fn delete_some(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    if erasure::reactions(connection, account).await? {
        return Ok(true);
    }
    // Comments first: what is answered by its author alone is not answered by others.
    if let Some(id) = erasure::comment(connection, account).await? {
        threads::lock_to_delete(connection, id).await?;
        deletions::delete_erased(connection, account, id).await?;
        return Ok(true);
    }
    if let Some(id) = tombstones::burial(connection, account).await? {
        threads::lock(connection, id).await?;
        tombstones::clear(connection, id).await?;
        return Ok(true);
    }
    if let Some(id) = erasure::root(connection, account).await? {
        threads::lock_to_delete(connection, id).await?;
        if tombstones::is_worth_a_tombstone(connection, id).await? {
            tombstones::bury(connection, id).await?;
        } else {
            deletions::delete_erased(connection, account, id).await?;
        }
        return Ok(true);
    }
    erasure::belongings(connection, account).await
}
