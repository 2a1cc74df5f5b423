//! Forgetting somebody: with one other person after the other, each in a transaction of its own, in which the other's counts change.

use std::sync::Arc;

use audience::forgetting::{Forget, Progress};
use contracts::AccountId;
use serving::Result;

use crate::State;
use crate::change::Change;
use crate::store::erasure;

pub(crate) struct Erasure(pub(crate) Arc<State>);

impl Forget for Erasure {
    async fn forget(&self, account: AccountId) -> Result<Progress> {
        let relation = &*self.0;
        let Some(other) = erasure::somebody(&relation.pool, account).await? else {
            erasure::person(&relation.pool, account).await?;
            return Ok(Progress::Done);
        };
        let mut change = Change::between(relation, account, other).await?;
        // It tells nothing: whoever keeps a copy forgets the account too, and of both sides.
        change.sever(account, other).await?;
        erasure::pair(&mut change.tx, account, other).await?;
        change.commit(relation).await?;
        Ok(Progress::More)
    }
}
