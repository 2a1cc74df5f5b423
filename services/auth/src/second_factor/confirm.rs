//! The second factor of somebody who is signed in, for what neither their session nor their password must do alone.

use contracts::AccountId;
use serde_json::Value;
use serving::{Problem, Result};
use sqlx::PgConnection;

use super::{Shown, check};
use crate::State;
use crate::attempts::Kind as Tried;
use crate::source::Source;
use crate::store::accounts::Account;
use crate::store::second_factors;

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
    subject: String,
    showing: Showing,
}

impl Confirmation {
    /// Counts a try, before anything is locked. 422 if there is a second factor and nothing was shown, 429 if too much was
    /// tried of late.
    pub(crate) async fn begin(auth: &State, account: AccountId, showing: Showing) -> Result<Self> {
        let subject = account.to_string();
        match &showing {
            Showing::Sent(Some(_)) => auth.attempts.take(Tried::Confirmation, &subject).await?,
            Showing::Sent(None) if second_factors::of(&auth.pool, account).await?.on() => return Err(missing()),
            Showing::Sent(None) | Showing::SignedIn => {}
        }
        Ok(Self { subject, showing })
    }

    /// Uses up what was shown, where there is a second factor; 422 if it is wrong. The account is locked.
    pub(crate) async fn check(&self, auth: &State, connection: &mut PgConnection, account: &Account, source: &Source) -> Result<()> {
        let Showing::Sent(shown) = &self.showing else { return Ok(()) };
        if !second_factors::of(&mut *connection, account.id).await?.on() {
            return Ok(());
        }
        let shown = shown.as_ref().ok_or_else(missing)?;
        match check(auth, connection, account, shown, source).await? {
            true => Ok(()),
            false => Err(Problem::invalid("code", "this is wrong, or was used before")),
        }
    }

    /// It was found right, whatever has become of what it was for, or was not looked at: nothing was tried in vain. No
    /// transaction is open, for this takes a connection of its own.
    pub(crate) async fn done(self, auth: &State) -> Result<()> {
        match self.showing {
            Showing::Sent(Some(_)) => auth.attempts.give_back(Tried::Confirmation, &self.subject).await,
            Showing::Sent(None) | Showing::SignedIn => Ok(()),
        }
    }
}

fn missing() -> Problem {
    Problem::invalid("code", "your account has a second factor; send a code of it, or a passkey")
}
