//! How often something may be tried in vain, so that guessing ends and nobody is locked out by another's guesses.
//!
//! | what | counted for | so often | within |
//! |---|---|---|---|
//! | signing in, on a device that is not known | the name, whether it is somebody's or not | 100 | a day |
//! | | the source: an IPv4 address or an IPv6 /64 | 100 | an hour |
//! | signing in, on a device where they have signed in before | that device | 20 | an hour |
//! | | beyond 3 a day of that device, all such devices of the account together | 40 | a day |
//! | the second factor, on a device that is not known | the account | 20 | a day |
//! | | the source, together with the passwords | 100 | an hour |
//! | the second factor, on a known device | the same as passwords, together with them | | |
//! | a passkey alone, on a device that is not known | the source, together with the passwords | 100 | an hour |
//! | a passkey alone, on a known device | the same as passwords, together with them | | |
//! | giving one's password again, in one of the five newest sessions | that session | 10 | a day |
//! | | beyond that, and in every other session, all sessions of the account together | 50 | a day |
//! | giving a code again, in one of the five newest sessions | that session | 2 | a day |
//! | | beyond that, and in every other session, all sessions of the account together | 10 | a day |
//! | asking for what a passkey is to answer | the source | 600 | an hour |
//! | asking for a letter | the address it goes to, or the handle that was typed | 5 | an hour |
//! | | the source | 30 | an hour |
//! | getting a link to a new password | the account, in [`post`](crate::post) | 10 | a day |
//! | registering an app | the source | 20 | an hour |
//! | making an account | the source | 2,000, unless `SIGN_UPS_PER_HOUR` says otherwise | an hour |
//!
//! An attempt is counted before it is made and given back when it was right: of a thousand at once, no more than these
//! are made. Whoever guesses at somebody's password thereby shuts the devices that nobody knows, until the day is over or the
//! password is reset by mail; the devices that they use go on. Whoever has stolen some of those uses up what they have in common
//! and no more: each of the others goes on with what is its own. All of them have a hundred guesses a day, an account having 20.
//!
//! Sessions are counted likewise: a stolen one uses up what all have in common, and the owner goes on in another. Those that have
//! tries of their own are the newest, which no thief can add to: each began with all that the account asks for. So all of them have
//! a hundred guesses a day at the password and twenty at a code, and whoever signs in anew has some left. Sessions of apps have
//! none of their own, since whoever has one session could let in as many apps as they like.

use std::time::Duration;

use aws_lc_rs::hmac;
use contracts::{AccountId, SessionId};
use identity::Viewer;
use serving::{Problem, Result};
use sqlx::PgPool;

use crate::sealed::KeyEncryptionKey;
use crate::source::Source;
use crate::store::accounts::Credentials;
use crate::store::attempts::{self, Both, Place};
use crate::store::browsers::Browser;
use crate::store::sessions;

/// Places of the table, of each kind. A power of two.
const PLACES: u32 = 1 << 20;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Sessions of an account that have tries of their own.
const NEWEST: i64 = 5;

/// What is tried, and for what it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Source,
    Device,
    /// What a device may that is known, whatever the others do.
    DeviceOfToday,
    /// What all known devices of an account may together, beyond that.
    Devices,
    SecondFactor,
    /// What one of the newest sessions may, whatever the others do.
    PasswordOfSession,
    /// What all sessions of an account may together, beyond that.
    PasswordsOfSessions,
    CodeOfSession,
    CodesOfSessions,
    PasskeyChallenge,
    MailTo,
    MailFrom,
    Registration,
    /// As many as whoever runs the platform allows.
    SignUp(i32),
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Source => "Source",
            Self::Device => "Device",
            Self::DeviceOfToday => "DeviceOfToday",
            Self::Devices => "Devices",
            Self::SecondFactor => "SecondFactor",
            Self::PasswordOfSession => "PasswordOfSession",
            Self::PasswordsOfSessions => "PasswordsOfSessions",
            Self::CodeOfSession => "CodeOfSession",
            Self::CodesOfSessions => "CodesOfSessions",
            Self::PasskeyChallenge => "PasskeyChallenge",
            Self::MailTo => "MailTo",
            Self::MailFrom => "MailFrom",
            Self::Registration => "Registration",
            Self::SignUp(_) => "SignUp",
        }
    }

    fn limit(self) -> (i32, Duration) {
        match self {
            Self::Name => (100, DAY),
            Self::DeviceOfToday => (3, DAY),
            Self::Devices => (40, DAY),
            // A code has six digits, three of them are right at a time, and whoever tries has the password.
            Self::SecondFactor => (20, DAY),
            Self::PasswordOfSession | Self::CodesOfSessions => (10, DAY),
            Self::PasswordsOfSessions => (50, DAY),
            Self::CodeOfSession => (2, DAY),
            Self::Source => (100, HOUR),
            Self::Device | Self::Registration => (20, HOUR),
            // Everybody in an office who signs in with a passkey asks once.
            Self::PasskeyChallenge => (600, HOUR),
            Self::MailTo => (5, HOUR),
            Self::MailFrom => (30, HOUR),
            Self::SignUp(most) => (most, HOUR),
        }
    }
}

/// A device on which somebody has signed in to this account before.
#[derive(Clone, Copy)]
pub(crate) struct KnownDevice<'a> {
    pub(crate) account: AccountId,
    /// What it shows.
    pub(crate) token: &'a str,
}

/// Somebody who is signed in, and in which session.
#[derive(Clone, Copy)]
pub(crate) struct InSession {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
}

impl From<&Viewer> for InSession {
    fn from(viewer: &Viewer) -> Self {
        Self { account: viewer.account, session: viewer.session }
    }
}

impl From<&Browser> for InSession {
    fn from(person: &Browser) -> Self {
        Self { account: person.account, session: person.session }
    }
}

/// What somebody gives again who is signed in.
#[derive(Clone, Copy)]
pub(crate) enum Again {
    Password,
    /// Of an app or for recovery, or what a passkey answered.
    Code,
}

impl Again {
    /// As what it is counted for one session, and for all sessions of an account together.
    fn kinds(self) -> (Kind, Kind) {
        match self {
            Self::Password => (Kind::PasswordOfSession, Kind::PasswordsOfSessions),
            Self::Code => (Kind::CodeOfSession, Kind::CodesOfSessions),
        }
    }
}

/// A guess, and where it was counted.
pub(crate) enum Guess {
    /// For a device that has been here before, and where it has used up what is its own, for all of the account.
    Known { hour: Place, day: Place, all: Option<Place> },
    /// For the source and for what is guessed at.
    Strange(Place, Place),
    /// For the source alone: nobody knows yet at what.
    Nameless(Place),
    /// In a session: for it, for all of the account, or for both.
    Again(Place, Option<Place>),
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
    pub(crate) async fn guess(&self, known_device: Option<KnownDevice<'_>>, source: &Source, whom: (Kind, &str)) -> Result<Guess> {
        if let Some(known) = self.on_device(known_device).await? {
            return Ok(known);
        }
        Ok(self.strange(source, whom, None).await?.0)
    }

    /// Counts a guess at the password of `handle` on a device that says nothing of itself, as it was typed; and whose it is.
    pub(crate) async fn guess_at_password(&self, source: &Source, typed: &str, handle: &str) -> Result<(Guess, Option<Credentials>)> {
        self.strange(source, (Kind::Name, typed), Some(handle)).await
    }

    async fn strange(&self, source: &Source, whom: (Kind, &str), handle: Option<&str>) -> Result<(Guess, Option<Credentials>)> {
        let (kind, subject) = whom;
        let (network, place) = (self.place(Kind::Source, &source.network()), self.place(kind, subject));
        let ((most_of_source, within), (most, of_kind)) = (Kind::Source.limit(), kind.limit());
        let (first, second) = ((network, within.as_secs_f64()), (place, of_kind.as_secs_f64()));
        let Both { first, first_wait, second, second_wait, found } =
            attempts::count_both(&self.pool, first, most_of_source, second, handle).await?;
        if first > most_of_source {
            return Err(refused(Kind::Source, wait(first_wait)));
        }
        match (second, second_wait) {
            (Some(count), Some(seconds)) if count > most => Err(refused(kind, wait(seconds))),
            _ => Ok((Guess::Strange(network, place), found)),
        }
    }

    /// The same for what names nobody.
    pub(crate) async fn guess_at_anybody(&self, known_device: Option<KnownDevice<'_>>, source: &Source) -> Result<Guess> {
        if let Some(known) = self.on_device(known_device).await? {
            return Ok(known);
        }
        let place = self.place(Kind::Source, &source.network());
        match self.count(Kind::Source, place).await? {
            None => Ok(Guess::Nameless(place)),
            Some(wait) => Err(refused(Kind::Source, wait)),
        }
    }

    /// Counts a guess for a known device; nothing, if there is none, or if it has guessed too often, alone or with the others.
    async fn on_device(&self, known_device: Option<KnownDevice<'_>>) -> Result<Option<Guess>> {
        let Some(KnownDevice { account, token }) = known_device else { return Ok(None) };
        let (hour, day) = (self.place(Kind::Device, token), self.place(Kind::DeviceOfToday, token));
        let ((most_of_hour, an_hour), (most_of_day, a_day)) = (Kind::Device.limit(), Kind::DeviceOfToday.limit());
        let (first, second) = ((hour, an_hour.as_secs_f64()), (day, a_day.as_secs_f64()));
        let counted = attempts::count_both(&self.pool, first, most_of_hour, second, None).await?;
        match counted.second {
            None => return Ok(None),
            // However the other devices are used: a stolen one shuts none of them out.
            Some(count) if count <= most_of_day => return Ok(Some(Guess::Known { hour, day, all: None })),
            Some(_) => {}
        }
        let all = self.place(Kind::Devices, &account.to_string());
        if self.count(Kind::Devices, all).await?.is_none() {
            return Ok(Some(Guess::Known { hour, day, all: Some(all) }));
        }
        // It counts as a stranger's from here on.
        attempts::give_both_back(&self.pool, hour, day).await?;
        Ok(None)
    }

    /// Counts a guess at what somebody gives again; 429 if that is one too many. The newest sessions have their own limits, which
    /// no other session can use up.
    pub(crate) async fn again(&self, again: Again, who: InSession) -> Result<Guess> {
        let InSession { account, session } = who;
        let (of_one, of_all) = again.kinds();
        let all = self.place(of_all, &account.to_string());
        if !sessions::is_among_newest(&self.pool, account, session, NEWEST).await? {
            return match self.count(of_all, all).await? {
                None => Ok(Guess::Again(all, None)),
                Some(wait) => Err(refused(of_all, wait)),
            };
        }
        let own = self.place(of_one, &session.to_string());
        let Some(until_own) = self.count(of_one, own).await? else { return Ok(Guess::Again(own, None)) };
        match self.count(of_all, all).await? {
            None => Ok(Guess::Again(own, Some(all))),
            Some(until_all) => Err(refused(of_all, until_all.min(until_own))),
        }
    }

    /// Where a guess was counted, if those are two places and can be given back by the way; nothing of it is counted any more.
    pub(crate) async fn given_back_later(&self, guess: Guess) -> Result<Option<(Place, Place)>> {
        match guess {
            Guess::Known { hour, day, all: None } => Ok(Some((hour, day))),
            Guess::Strange(network, place) => Ok(Some((network, place))),
            other => self.was_none(other).await.map(|()| None),
        }
    }

    /// Nothing was guessed after all.
    pub(crate) async fn was_none(&self, guess: Guess) -> Result<()> {
        match guess {
            Guess::Known { hour, day, all } => {
                attempts::give_both_back(&self.pool, hour, day).await?;
                match all {
                    Some(all) => attempts::give_back(&self.pool, all).await,
                    None => Ok(()),
                }
            }
            Guess::Nameless(place) | Guess::Again(place, None) => attempts::give_back(&self.pool, place).await,
            Guess::Strange(first, second) | Guess::Again(first, Some(second)) => attempts::give_both_back(&self.pool, first, second).await,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::devices;

    #[test]
    fn all_known_devices_of_an_account_guess_a_hundred_times_a_day() {
        let ((own, own_time), (together, time)) = (Kind::DeviceOfToday.limit(), Kind::Devices.limit());
        assert_eq!((own_time, time), (DAY, DAY));
        assert_eq!(devices::MOST * i64::from(own) + i64::from(together), 100);
    }

    #[test]
    fn all_sessions_of_an_account_guess_a_hundred_times_a_day_at_the_password_and_twenty_times_at_a_code() {
        for (again, most) in [(Again::Password, 100), (Again::Code, 20)] {
            let (of_one, of_all) = again.kinds();
            let ((own, own_time), (together, time)) = (of_one.limit(), of_all.limit());
            assert_eq!((own_time, time), (DAY, DAY));
            assert_eq!(NEWEST * i64::from(own) + i64::from(together), most);
        }
    }
}
