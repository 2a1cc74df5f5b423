//! Sessions that ended before their tokens did: a set, read again and again, never a sequence that could have a gap.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use contracts::SessionId;
use database::Wakeup;
use sqlx::PgPool;

/// The channel on which auth hints that the set has grown.
pub const REVOCATIONS_CHANNEL: &str = "auth_revocations";
/// How soon a lost hint is made good.
const POLL: Duration = Duration::from_millis(500);
/// Older knowledge is none: a route that needs to know who calls then answers 503.
const STALE: Duration = Duration::from_secs(5);

/// The unexpired revocations of `auth.revocations`.
#[derive(Clone, Default)]
pub struct Revocations(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    sessions: HashSet<SessionId>,
    /// When it was asked for.
    read: Option<Instant>,
}

impl Revocations {
    /// Has the session ended? `None` if what we know is too old to say.
    pub(crate) fn contains(&self, session: SessionId) -> Option<bool> {
        let known = self.0.read().expect("no holder panics");
        known.read.filter(|at| at.elapsed() < STALE).map(|_| known.sessions.contains(&session))
    }

    /// Have they been read at all?
    pub(crate) fn are_known(&self) -> bool {
        self.0.read().expect("no holder panics").read.is_some()
    }

    /// Sets all there was when it was asked for: what ended while the answer was on its way may not be in it.
    pub(crate) fn set(&self, sessions: HashSet<SessionId>, asked: Instant) {
        *self.0.write().expect("no holder panics") = Known { sessions, read: Some(asked) };
    }

    /// Reads the set at each hint and twice a second, until dropped.
    pub async fn run(self, pool: PgPool, mut wakeup: Wakeup) {
        loop {
            let asked = Instant::now();
            let read = sqlx::query_scalar::<_, SessionId>("select session_id from auth.revocations where expires_at > now()");
            match read.fetch_all(&pool).await.inspect_err(database::failed) {
                Ok(sessions) => self.set(sessions.into_iter().collect(), asked),
                Err(error) => tracing::warn!(%error, "failed to read revocations; trying again"),
            }
            wakeup.wait(POLL).await;
        }
    }
}
