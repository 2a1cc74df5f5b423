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
//! | a passkey alone, on a device that is not known | the source, together with the passwords | 100 | an hour |
//! | a passkey alone, on a known device | that device, together with the passwords | 20 | an hour |
//! | giving one's password or a code again | the account | 20 | an hour |
//! | asking for a letter | the address it goes to, or the handle that was typed | 5 | an hour |
//! | | the source | 30 | an hour |
//! | getting a link to a new password | the account, in [`post`](crate::post) | 10 | a day |
//! | registering an app | the source | 20 | an hour |
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
use crate::store::attempts::{self, Both, Place};

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
    Registration,
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
            Self::Registration => "Registration",
        }
    }

    fn limit(self) -> (i32, Duration) {
        match self {
            Self::Name => (100, DAY),
            // A code has six digits, three of them are right at a time, and whoever tries has the password.
            Self::SecondFactor => (20, DAY),
            Self::Source => (100, HOUR),
            Self::Device | Self::Confirmation | Self::Registration => (20, HOUR),
            Self::MailTo => (5, HOUR),
            Self::MailFrom => (30, HOUR),
        }
    }
}

/// A guess, and where it was counted.
pub(crate) enum Guess {
    /// For a device that has been here before.
    Known(Place),
    /// For the source and for what is guessed at.
    Strange(Place, Place),
    /// For the source alone: nobody knows yet at what.
    Nameless(Place),
}

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
        match self.count(kind, self.place(kind, subject)).await? {
            None => Ok(()),
            Some(wait) => Err(refused(kind, wait)),
        }
    }

    /// Counts a guess at what `whom` knows; 429 if that is one too many. A device that has been here before has its own limit,
    /// which no stranger can use up; beyond it, it is a stranger too.
    pub(crate) async fn guess(&self, known_device: Option<&str>, source: &Source, whom: (Kind, &str)) -> Result<Guess> {
        if let Some(known) = self.on_device(known_device).await? {
            return Ok(known);
        }
        let (kind, subject) = whom;
        let (network, place) = (self.place(Kind::Source, &source.network()), self.place(kind, subject));
        let ((most_of_source, within), (most, of_kind)) = (Kind::Source.limit(), kind.limit());
        let (first, second) = ((network, within.as_secs_f64()), (place, of_kind.as_secs_f64()));
        let Both { first, first_wait, second, second_wait } = attempts::count_both(&self.pool, first, most_of_source, second).await?;
        if first > most_of_source {
            return Err(refused(Kind::Source, wait(first_wait)));
        }
        match (second, second_wait) {
            (Some(count), Some(seconds)) if count > most => Err(refused(kind, wait(seconds))),
            _ => Ok(Guess::Strange(network, place)),
        }
    }

    /// The same for what names nobody.
    pub(crate) async fn guess_at_anybody(&self, known_device: Option<&str>, source: &Source) -> Result<Guess> {
        if let Some(known) = self.on_device(known_device).await? {
            return Ok(known);
        }
        let place = self.place(Kind::Source, &source.network());
        match self.count(Kind::Source, place).await? {
            None => Ok(Guess::Nameless(place)),
            Some(wait) => Err(refused(Kind::Source, wait)),
        }
    }

    /// Counts a guess for a known device; nothing, if there is none, or if it has guessed too often.
    async fn on_device(&self, known_device: Option<&str>) -> Result<Option<Guess>> {
        let Some(device) = known_device else { return Ok(None) };
        let place = self.place(Kind::Device, device);
        Ok(self.count(Kind::Device, place).await?.is_none().then_some(Guess::Known(place)))
    }

    /// Nothing was guessed after all.
    pub(crate) async fn was_none(&self, guess: Guess) -> Result<()> {
        match guess {
            Guess::Known(place) | Guess::Nameless(place) => attempts::give_back(&self.pool, place).await,
            Guess::Strange(network, place) => attempts::give_both_back(&self.pool, network, place).await,
        }
    }

    /// It was no attempt in vain after all.
    pub(crate) async fn give_back(&self, kind: Kind, subject: &str) -> Result<()> {
        attempts::give_back(&self.pool, self.place(kind, subject)).await
    }

    /// Nothing was tried.
    pub(crate) async fn forget(&self, kind: Kind, subject: &str) -> Result<()> {
        attempts::forget(&self.pool, self.place(kind, subject)).await
    }

    /// Counts one; how long to wait if that is one too many.
    async fn count(&self, kind: Kind, place: Place) -> Result<Option<Duration>> {
        let (most, within) = kind.limit();
        let counted = attempts::count(&self.pool, place, within.as_secs_f64()).await?;
        Ok((counted.count > most).then(|| wait(counted.wait)))
    }

    fn place(&self, kind: Kind, subject: &str) -> Place {
        Place { kind: kind.name(), place: place(&self.key.derive(kind.name(), subject)) }
    }
}

fn refused(kind: Kind, wait: Duration) -> Problem {
    tracing::warn!(event.name = "attempts.exhausted", kind = kind.name(), "refused an attempt: too many of late");
    Problem::too_many_requests(wait)
}

fn wait(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(1.0))
}

fn place(tag: &hmac::Tag) -> i32 {
    let first = tag.as_ref().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    i32::try_from(first % PLACES).expect("there are fewer places")
}
