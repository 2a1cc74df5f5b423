//! One change of what is between two people: the lock, the rows, the counts and the facts, in one transaction.

use std::collections::BTreeMap;

use audience::accounts;
use contracts::AccountId;
use contracts::fact::{Fact, RelationEnded, RelationEvent, RelationHappened};
use facts::FactId;
use identity::Viewer;
use serving::{Problem, Result};
use sqlx::{Postgres, Transaction};

use crate::State;
use crate::store::counts::{self, Counts, MOST_FOLLOWED};
use crate::store::{blocks, follows, friendships, hidden, likes, lock_pair, people, relationships, requests};

/// A change that is being made. Dropped before [`commit`](Self::commit), it is none.
pub(crate) struct Change {
    pub(crate) tx: Transaction<'static, Postgres>,
    /// In the order of ids, in which the rows of people are locked.
    counts: BTreeMap<AccountId, Counts>,
}

impl Change {
    /// Begins to change what is between the viewer and `target`.
    pub(crate) async fn begin(relation: &State, viewer: &Viewer, target: AccountId) -> Result<Self> {
        if viewer.account == target {
            return Err(Problem::unprocessable("This is you: name somebody else."));
        }
        people::seen(&relation.pool, viewer).await?;
        let mut change = Self::between(relation, viewer.account, target).await?;
        if accounts::is_barred(&mut change.tx, viewer.account).await? {
            return Err(Problem::forbidden("Your account is suspended or erased."));
        }
        // Of whom nothing may be kept, there is nobody; an id that was never given may yet be given.
        match accounts::is_gone(&mut change.tx, target).await? {
            true => Err(Problem::not_found()),
            false => Ok(change),
        }
    }

    /// Begins to change what is between two, whoever it is that wants it.
    pub(crate) async fn between(relation: &State, one: AccountId, other: AccountId) -> Result<Self> {
        let mut tx = relation.pool.begin().await?;
        lock_pair(&mut tx, one, other).await?;
        Ok(Self { tx, counts: BTreeMap::new() })
    }

    /// Must what `actor` wants of `target` be kept from `target`, who blocks them? Whoever blocks wants nothing themself.
    pub(crate) async fn withheld(&mut self, actor: AccountId, target: AccountId) -> Result<bool> {
        let blocks = blocks::between(&mut self.tx, actor, target).await?;
        match blocks.blocking {
            true => Err(Problem::conflict("blocking", "You block this account. Unblock it first.")),
            false => Ok(blocks.blocked_by),
        }
    }

    /// Is `account` kept from everybody? Then what they had done is told to nobody: the answer is that of an id that was never given, and
    /// what comes of it is seen when they are back. That stays so until the transaction ends.
    pub(crate) async fn is_hidden(&mut self, account: AccountId) -> Result<bool> {
        Ok(hidden::is_hidden(&mut self.tx, account).await?)
    }

    /// What is added to somebody's counts when this is committed.
    pub(crate) fn count(&mut self, account: AccountId) -> &mut Counts {
        self.counts.entry(account).or_default()
    }

    /// Makes `actor` follow `target`, which they did not.
    pub(crate) async fn follow(&mut self, actor: AccountId, target: AccountId, withheld: bool) -> Result<()> {
        follows::insert(&mut self.tx, actor, target, withheld).await?;
        self.count_follow(actor, target, withheld, 1);
        if !withheld {
            self.tell(actor, target, false).await?;
        }
        Ok(())
    }

    /// Makes `actor` follow `target` no more; `true` if others knew that they did. It tells nothing.
    pub(crate) async fn unfollow(&mut self, actor: AccountId, target: AccountId) -> Result<bool> {
        let Some(withheld) = follows::delete(&mut self.tx, actor, target).await? else { return Ok(false) };
        self.count_follow(actor, target, withheld, -1);
        Ok(!withheld)
    }

    fn count_follow(&mut self, actor: AccountId, target: AccountId, withheld: bool, by: i32) {
        match withheld {
            true => self.count(actor).pending += by,
            false => {
                self.count(actor).following += by;
                self.count(target).followers += by;
            }
        }
    }

    /// Ends everything between two, but for blocks and what each keeps to themself: follows, requests, friendship and
    /// likes, both ways. Says whether others knew of something from `other` to `one`. It tells nothing.
    pub(crate) async fn sever(&mut self, one: AccountId, other: AccountId) -> Result<bool> {
        self.unfollow(one, other).await?;
        let mut known = self.unfollow(other, one).await?;
        for (actor, target) in [(one, other), (other, one)] {
            if requests::delete(&mut self.tx, actor, target).await?.is_some() {
                self.count(actor).pending -= 1;
            }
        }
        if friendships::get(&mut self.tx, one, other).await?.mutual() {
            self.count(one).friends -= 1;
            self.count(other).friends -= 1;
            known = true;
        }
        friendships::delete(&mut self.tx, one, other).await?;
        likes::delete(&mut self.tx, one, other).await?;
        Ok(known)
    }

    /// Tells the services how `actor` stands to `target` now.
    pub(crate) async fn tell(&mut self, actor: AccountId, target: AccountId, severed: bool) -> Result<FactId> {
        let changed = relationships::told(&mut self.tx, actor, target, severed).await?;
        Ok(facts::publish(&mut self.tx, &Fact::RelationChanged(changed)).await?)
    }

    /// Tells the services what `target` may be notified of.
    pub(crate) async fn happened(&mut self, event: RelationEvent, actor: AccountId, target: AccountId) -> Result<()> {
        let happened = RelationHappened { event, actor, target };
        facts::publish(&mut self.tx, &Fact::RelationHappened(happened)).await?;
        Ok(())
    }

    /// Tells the services what holds no more of which `target` may have been notified.
    pub(crate) async fn ended(&mut self, event: RelationEvent, actor: AccountId, target: AccountId) -> Result<()> {
        let ended = RelationEnded { event, actor, target };
        facts::publish(&mut self.tx, &Fact::RelationEnded(ended)).await?;
        Ok(())
    }

    /// Makes it so.
    pub(crate) async fn commit(mut self, relation: &State) -> Result<()> {
        for (account, by) in &self.counts {
            if !counts::add(&mut self.tx, *account, by).await? {
                let detail = format!("You follow {MOST_FOLLOWED} accounts, or wait to. Unfollow somebody first.");
                return Err(Problem::conflict("too-many-follows", detail));
            }
        }
        self.tx.commit().await?;
        relation.outbox.committed();
        Ok(())
    }
}
