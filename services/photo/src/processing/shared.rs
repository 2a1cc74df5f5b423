//! What all uploads share, such as memory, and of which no account takes more than its share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use contracts::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::ProcessingError;

/// So many units for all together, and so many at the most for each account.
pub(super) struct Shared {
    all: Arc<Semaphore>,
    share: u32,
    /// The shares of those who hold something or wait for it: they keep their share alive.
    shares: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

/// Units that are an account's until this is dropped. Those of all go back first: the next in the queue gets them, and not the
/// same account once more.
pub(super) struct Taken {
    _of_all: OwnedSemaphorePermit,
    _of_account: OwnedSemaphorePermit,
}

impl Shared {
    /// `all` units, of which an account gets `share` at the most.
    pub(super) fn new(all: u32, share: u32) -> Self {
        Self { all: semaphore(all), share: share.min(all), shares: Mutex::default() }
    }

    /// Takes so many units, or a whole share if that is less. Whoever has taken their share waits for themselves: only then do they
    /// join the queue of all, which is served in order, so that what stands in it of one account is never more than a share.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::ShareTaken`] if the account does not give enough back until `deadline`, and [`ProcessingError::Busy`] if
    /// the others do not.
    pub(super) async fn take(&self, account: AccountId, units: u32, deadline: Instant) -> Result<Taken, ProcessingError> {
        let units = units.min(self.share);
        let of_account = timeout_at(deadline, self.of(account).acquire_many_owned(units)).await;
        let of_account = of_account.map_err(|_| ProcessingError::ShareTaken)?;
        let of_all = timeout_at(deadline, self.all.clone().acquire_many_owned(units)).await;
        let of_all = of_all.map_err(|_| ProcessingError::Busy)?;
        Ok(Taken {
            _of_all: of_all.expect("the semaphore is never closed"),
            _of_account: of_account.expect("the semaphore is never closed"),
        })
    }

    /// The share of an account.
    fn of(&self, account: AccountId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| share.strong_count() > 0);
        if let Some(share) = shares.get(&account).and_then(Weak::upgrade) {
            return share;
        }
        let share = semaphore(self.share);
        shares.insert(account, Arc::downgrade(&share));
        share
    }
}

pub(super) fn semaphore(units: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(units).map_or(Semaphore::MAX_PERMITS, |units| units.min(Semaphore::MAX_PERMITS))))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    const ADA: AccountId = AccountId(1);
    const BOB: AccountId = AccountId(2);

    #[tokio::test]
    async fn nobody_takes_more_than_a_share() {
        let shared = Shared::new(5, 3);
        // Whoever would have to wait is refused.
        let now = Instant::now();
        let hers = shared.take(ADA, 3, now).await.unwrap();
        assert!(matches!(shared.take(ADA, 1, now).await, Err(ProcessingError::ShareTaken)));
        let his = shared.take(BOB, 2, now).await.unwrap();
        assert!(matches!(shared.take(BOB, 1, now).await, Err(ProcessingError::Busy)));

        drop(hers);
        // More than a share is a whole one.
        let hers = shared.take(ADA, 100, now).await.unwrap();
        drop((hers, his));
        assert_eq!(shared.all.available_permits(), 5);
    }

    #[tokio::test]
    async fn whoever_waits_for_their_own_share_is_in_nobodys_way() {
        let shared = Shared::new(1, 1);
        let later = Instant::now() + Duration::from_secs(60);
        let first = shared.take(ADA, 1, later).await.unwrap();
        let mut hers = pin!(shared.take(ADA, 1, later));
        let mut his = pin!(shared.take(BOB, 1, later));
        assert!(hers.as_mut().now_or_never().is_none() && his.as_mut().now_or_never().is_none());

        drop(first);
        assert!(hers.as_mut().now_or_never().is_none(), "she came again before he came at all, and he is next");
        let second = his.as_mut().now_or_never().unwrap().unwrap();
        drop(second);
        assert!(hers.as_mut().now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn the_share_of_who_holds_nothing_is_forgotten() {
        let shared = Shared::new(2, 1);
        let now = Instant::now();
        drop(shared.take(ADA, 1, now).await.unwrap());
        let _his = shared.take(BOB, 1, now).await.unwrap();
        assert_eq!(shared.shares.lock().unwrap().keys().collect::<Vec<_>>(), [&BOB]);
    }
}
