//! How often something may be tried in vain, so that guessing ends and nobody is locked out by another's guesses.
//!
//! | what | counted for | so often | within |
//! |---|---|---|---|
//! | signing in, on a device that is not known | the name, whether it is somebody's or not | 100 | a day |
//! | | the source: an IPv4 address or an IPv6 /64 | 100 | an hour |
//! | signing in, on a device where they have signed in before | that device, and nothing else | 20 | an hour |
//! | the second factor, on a device that is not known | the account | 20 | a day |
//! | | the source, together with the passwords | 100 | an hour |
//! | the second factor, on a known device | that device, together with the passwords | 20 | an hour |
//! | giving one's password or a code again | the account | 20 | an hour |
//! | asking for a letter | the address it goes to | 5 | an hour |
//! | | the source | 30 | an hour |
//!
//! An attempt is counted before it is made and given back when it was right: of a thousand at once, no more than these
//! are made. Whoever guesses at somebody's password thereby shuts the devices that nobody knows, until the day is over or the
//! password is reset by mail; the devices that they use go on.

use std::time::Duration;

use aws_lc_rs::hmac;
use serving::{Problem, Result};
use sqlx::PgPool;

use crate::sealed::KeyEncryptionKey;
use crate::source::Source;
use crate::store::attempts;

/// Places of the table, of each kind. A power of two.
const PLACES: u32 = 1 << 20;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is tried, and for what it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Source,
    Device,
    SecondFactor,
    Confirmation,
    MailTo,
    MailFrom,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Source => "Source",
            Self::Device => "Device",
            Self::SecondFactor => "SecondFactor",
            Self::Confirmation => "Confirmation",
            Self::MailTo => "MailTo",
            Self::MailFrom => "MailFrom",
        }
    }

    fn limit(self) -> (i32, Duration) {
        match self {
            Self::Name => (100, DAY),
            // A code has six digits, three of them are right at a time, and whoever tries has the password.
            Self::SecondFactor => (20, DAY),
            Self::Source => (100, HOUR),
            Self::Device | Self::Confirmation => (20, HOUR),
            Self::MailTo => (5, HOUR),
            Self::MailFrom => (30, HOUR),
        }
    }
}

/// An attempt to sign in, and for what it was counted.
pub(crate) struct Guess(Vec<(Kind, String)>);

/// Counts attempts, for all replicas.
#[derive(Clone)]
pub(crate) struct Attempts {
    pool: PgPool,
    key: KeyEncryptionKey,
}

impl Attempts {
    pub(crate) fn new(pool: PgPool, key: KeyEncryptionKey) -> Self {
        Self { pool, key }
    }

    /// Counts one; 429 if that is one too many.
    pub(crate) async fn take(&self, kind: Kind, subject: &str) -> Result<()> {
        match self.count(kind, subject).await? {
            None => Ok(()),
            Some(wait) => {
                tracing::warn!(event.name = "attempts.exhausted", kind = kind.name(), "refused an attempt: too many of late");
                Err(Problem::too_many_requests(wait))
            }
        }
    }

    /// Counts a guess at what `whom` knows; 429 if that is one too many. A device that has been here before has its own limit,
    /// which no stranger can use up; beyond it, it is a stranger too.
    pub(crate) async fn guess(&self, known_device: Option<&str>, source: &Source, whom: (Kind, String)) -> Result<Guess> {
        if let Some(device) = known_device
            && self.count(Kind::Device, device).await?.is_none()
        {
            return Ok(Guess(vec![(Kind::Device, device.to_owned())]));
        }
        let counted = vec![(Kind::Source, source.network()), whom];
        for (kind, subject) in &counted {
            self.take(*kind, subject).await?;
        }
        Ok(Guess(counted))
    }

    /// Nothing was guessed after all.
    pub(crate) async fn was_none(&self, guess: Guess) -> Result<()> {
        for (kind, subject) in guess.0 {
            self.give_back(kind, &subject).await?;
        }
        Ok(())
    }

    /// It was no attempt in vain after all.
    pub(crate) async fn give_back(&self, kind: Kind, subject: &str) -> Result<()> {
        attempts::give_back(&self.pool, kind.name(), self.place(kind, subject)).await
    }

    /// Nothing was tried.
    pub(crate) async fn forget(&self, kind: Kind, subject: &str) -> Result<()> {
        attempts::forget(&self.pool, kind.name(), self.place(kind, subject)).await
    }

    /// Counts one; how long to wait if that is one too many.
    async fn count(&self, kind: Kind, subject: &str) -> Result<Option<Duration>> {
        let (most, within) = kind.limit();
        let counted = attempts::count(&self.pool, kind.name(), self.place(kind, subject), within.as_secs_f64()).await?;
        Ok((counted.count > most).then(|| Duration::from_secs_f64(counted.wait.max(1.0))))
    }

    fn place(&self, kind: Kind, subject: &str) -> i32 {
        place(&self.key.derive(kind.name(), subject))
    }
}

fn place(tag: &hmac::Tag) -> i32 {
    let first = tag.as_ref().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    i32::try_from(first % PLACES).expect("there are fewer places")
}
