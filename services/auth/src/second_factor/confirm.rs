//! The second factor of somebody who is signed in, for what neither their session nor their password must do alone.

use serde_json::{Value, json};
use serving::{Problem, Result};
use sqlx::{Postgres, Transaction};

use super::{Shown, check};
use crate::State;
use crate::attempts::{Again, Guess, InSession};
use crate::source::Source;
use crate::store::accounts::Account;
use crate::store::second_factors;
use crate::store::security_events::{self, Kind};

/// How they show it.
pub(crate) enum Showing {
    /// With what they ask for, if at all.
    Sent(Option<Shown>),
    /// By having signed in a moment ago, with all that their account asks for.
    SignedIn,
}

impl Showing {
    /// What came with a request.
    pub(crate) fn sent(code: Option<String>, passkey: Option<Value>) -> Self {
        Self::Sent(code.map(Shown::typed).or(passkey.map(Shown::Passkey)))
    }
}

/// What was shown. It counts as tried in vain until it is [`done`](Confirmation::done).
pub(crate) struct Confirmation {
    who: InSession,
    showing: Showing,
    /// Where it was counted, if it was sent.
    guess: Option<Guess>,
}

impl Confirmation {
    /// Counts a try, before anything is locked. 422 if there is a second factor and nothing was shown, 429 if too much was
    /// tried of late.
    pub(crate) async fn begin(auth: &State, who: InSession, showing: Showing) -> Result<Self> {
        let guess = match &showing {
            Showing::Sent(Some(_)) => Some(auth.attempts.again(Again::Code, who).await?),
            Showing::Sent(None) if second_factors::of(&auth.pool, who.account).await?.on() => return Err(missing()),
            Showing::Sent(None) | Showing::SignedIn => None,
        };
        Ok(Self { who, showing, guess })
    }

    /// Uses up what was shown, where there is a second factor, and gives the transaction back, in which the account is locked.
    /// 422 if it is wrong: then the transaction has ended without effect, and that it was wrong is written down.
    pub(crate) async fn check(
        &self,
        auth: &State,
        mut tx: Transaction<'static, Postgres>,
        account: &Account,
        source: &Source,
    ) -> Result<Transaction<'static, Postgres>> {
        let Showing::Sent(shown) = &self.showing else { return Ok(tx) };
        if !second_factors::of(&mut *tx, account.id).await?.on() {
            return Ok(tx);
        }
        let shown = shown.as_ref().ok_or_else(missing)?;
        if check(auth, &mut tx, account, shown, source).await? {
            return Ok(tx);
        }
        drop(tx);
        failed(auth, self.who, shown.name(), source).await?;
        Err(Problem::invalid("code", "this is wrong, or was used before"))
    }

    /// It was found right, whatever has become of what it was for, or was not looked at: nothing was tried in vain. No
    /// transaction is open, for this takes a connection of its own.
    pub(crate) async fn done(self, auth: &State) -> Result<()> {
        match self.guess {
            Some(guess) => auth.attempts.was_none(guess).await,
            None => Ok(()),
        }
    }
}

/// Writes down that somebody who is signed in gave something again, and it was wrong. No transaction is open, for this takes a
/// connection of its own.
pub(crate) async fn failed(auth: &State, who: InSession, tried: &'static str, source: &Source) -> Result<()> {
    let details = json!({ "tried": tried, "session": who.session });
    let mut connection = auth.pool.acquire().await?;
    security_events::insert(&mut connection, Kind::ConfirmationFailed, Some(who.account), Some(source), details).await?;
    Ok(())
}

fn missing() -> Problem {
    Problem::invalid("code", "your account has a second factor; send a code of it, or a passkey")
}
