//! The open streams of one replica.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use contracts::AccountId;
use database::Wakeup;
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::{POLL, metrics};
use crate::store::stream::{self, Told};

/// Events that wait for one stream. They are ids, so a full queue is a few kilobytes.
pub(crate) const QUEUE: usize = 256;
/// Streams of one account.
const MOST_OF_ACCOUNT: usize = 8;
/// Streams of one replica.
const MOST: usize = 2_000;
/// Events that are looked at in one go.
const BATCH: i64 = 500;

/// Knows who is connected, and hands each event to those whom it is for.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    /// Handed out so far; nothing, before it is known where to begin.
    position: Option<i64>,
    next: u64,
    streams: HashMap<u64, Stream>,
}

struct Stream {
    account: AccountId,
    /// Up to here the stream looks for itself.
    since: i64,
    queue: mpsc::Sender<Told>,
}

/// Why a stream is not opened.
pub(crate) enum Refused {
    /// It is not known yet where to begin.
    NotYet,
    /// The account has enough of them.
    OfAccount,
    /// The replica has.
    OfAll,
}

impl Refused {
    fn counted(self) -> Self {
        metrics::refused(match self {
            Self::NotYet => "not_yet",
            Self::OfAccount => "of_account",
            Self::OfAll => "of_all",
        });
        self
    }
}

/// One stream's end of the hub. Its queue is closed when it was too slow.
pub(crate) struct Subscription {
    hub: Hub,
    key: u64,
    /// Events after this position come through the queue; what is older is there to be read.
    pub(crate) since: i64,
    pub(crate) queue: mpsc::Receiver<Told>,
}

impl Hub {
    /// Does it know from where on it hands out?
    pub(crate) fn has_begun(&self) -> bool {
        self.lock().position.is_some()
    }

    /// Opens a stream.
    pub(crate) fn subscribe(&self, account: AccountId) -> Result<Subscription, Refused> {
        let mut open = self.lock();
        let since = open.position.ok_or_else(|| Refused::NotYet.counted())?;
        if open.streams.len() >= MOST {
            return Err(Refused::OfAll.counted());
        }
        if open.streams.values().filter(|stream| stream.account == account).count() >= MOST_OF_ACCOUNT {
            return Err(Refused::OfAccount.counted());
        }
        let (sender, queue) = mpsc::channel(QUEUE);
        let key = open.next;
        open.next += 1;
        open.streams.insert(key, Stream { account, since, queue: sender });
        metrics::opened(1);
        Ok(Subscription { hub: self.clone(), key, since, queue })
    }

    /// Hands out events until dropped.
    pub(crate) async fn run(&self, pool: &PgPool, mut wakeup: Wakeup) {
        loop {
            match self.hand_out(pool).await.inspect_err(database::failed) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "failed to hand out the events of streams; trying again"),
            }
            wakeup.wait(POLL).await;
        }
    }

    /// Hands out the next events; `false` if there are none.
    async fn hand_out(&self, pool: &PgPool) -> sqlx::Result<bool> {
        let begun = self.lock().position;
        let Some(from) = begun else {
            // Whoever connects wants what comes from now on, and whoever comes back reads what was.
            let (_, newest) = stream::bounds(pool).await?;
            self.lock().position = Some(newest);
            return Ok(true);
        };
        let Some(to) = stream::next(pool, from, BATCH).await? else { return Ok(false) };
        // From here on, whoever opens a stream looks for these events themselves.
        let connected = {
            let mut open = self.lock();
            open.position = Some(to);
            open.streams.values().map(|stream| stream.account.0).collect::<BTreeSet<_>>()
        };
        if connected.is_empty() {
            return Ok(true);
        }
        let connected: Vec<i64> = connected.into_iter().collect();
        match stream::routed(pool, from, to, &connected).await {
            Ok(routed) => self.queue(routed),
            Err(error) => {
                // Nobody knows for whom they were. Every stream is cut and reads them when it comes back.
                self.lock().streams.retain(|_, stream| stream.since >= to);
                return Err(error);
            }
        }
        Ok(true)
    }

    fn queue(&self, routed: Vec<(AccountId, Told)>) {
        let mut by_account: HashMap<AccountId, Vec<Told>> = HashMap::new();
        for (account, told) in routed {
            by_account.entry(account).or_default().push(told);
        }
        self.lock().streams.retain(|_, stream| {
            let mut told = by_account.get(&stream.account).into_iter().flatten().filter(|told| told.position > stream.since);
            // A full queue, or a stream that is just ending: it goes.
            told.all(|told| stream.queue.try_send(told.clone()).is_ok())
        });
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().expect("no holder panics")
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.lock().streams.remove(&self.key);
        metrics::opened(-1);
    }
}

#[cfg(test)]
mod tests {
    use contracts::PostId;

    use super::*;
    use crate::store::stream::What;

    const ADA: AccountId = AccountId(1);

    fn begun(position: i64) -> Hub {
        let hub = Hub::default();
        hub.lock().position = Some(position);
        hub
    }

    fn told(position: i64) -> (AccountId, Told) {
        (ADA, Told { position, place: 0, what: What::Post(PostId(position)) })
    }

    #[test]
    fn an_account_has_eight_streams_at_the_most() {
        assert!(matches!(Hub::default().subscribe(ADA), Err(Refused::NotYet)));
        let hub = begun(0);
        let mut open: Vec<Subscription> = (0..8).filter_map(|_| hub.subscribe(ADA).ok()).collect();
        assert_eq!(open.len(), 8);
        assert!(matches!(hub.subscribe(ADA), Err(Refused::OfAccount)));
        assert!(hub.subscribe(AccountId(2)).is_ok(), "that is nothing to others");
        open.pop();
        assert!(hub.subscribe(ADA).is_ok(), "one that ended leaves its place");
    }

    #[test]
    fn a_stream_that_does_not_keep_up_is_cut_and_the_others_are_not() {
        let hub = begun(0);
        let (Ok(mut slow), Ok(mut quick)) = (hub.subscribe(ADA), hub.subscribe(ADA)) else { panic!("there is room") };
        for position in 1..=2 * QUEUE as i64 {
            hub.queue(vec![told(position)]);
            assert_eq!(quick.queue.try_recv().map(|told| told.position), Ok(position));
        }
        let mut kept = 0;
        while slow.queue.try_recv().is_ok() {
            kept += 1;
        }
        assert_eq!(kept, QUEUE, "what it has is what came first, without a gap");
        assert!(slow.queue.is_closed() && !quick.queue.is_closed());
    }

    #[test]
    fn a_stream_gets_nothing_that_it_reads_itself() {
        let hub = begun(7);
        let Ok(mut open) = hub.subscribe(ADA) else { panic!("there is room") };
        hub.queue(vec![told(7), told(8)]);
        assert_eq!(open.queue.try_recv().map(|told| told.position), Ok(8));
    }
}
