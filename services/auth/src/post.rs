//! Letters: owed in the transaction that needs them, sent by a job.
//!
//! A job holds no secret. The end of a link is derived from the job's nonce with the key-encryption key, so a job that runs
//! twice sends the same letter with the same link, and whoever reads the table of jobs cannot use it.

use std::time::Duration;

use aws_lc_rs::rand;
use contracts::AccountId;
use identity::unix_now;
use jobs::{JobError, Run};
use mail::{Address, Mailer, SendError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Problem, Result};
use sqlx::{PgConnection, PgPool};

use crate::handle::Handle;
use crate::letters;
use crate::sealed::KeyEncryptionKey;
use crate::second_factor::Change;
use crate::store::accounts::{self, Account};
use crate::store::links::{self, Purpose};
use crate::store::security_events::{self, Kind};
use crate::told_once;

/// The kind of job.
const KIND: &str = "auth.letter";
/// How long a link to a new password is good.
const RESET_LIFE: Duration = Duration::from_secs(3600);
/// Links to a new password that one account gets within a day, whoever asks: that is counted here, where it is known whose a
/// name is.
const MOST_RESETS: i64 = 10;
/// How long a link that proves an address is good, and how long it is tried to tell somebody what happened.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A letter that is owed.
#[derive(Debug, Serialize, Deserialize)]
struct Owed {
    /// Of this letter alone; letters and digits.
    nonce: String,
    /// In Unix seconds: later, it is of no use any more.
    until: u64,
    what: What,
}

#[derive(Debug, Serialize, Deserialize)]
enum What {
    /// Whose address it is, is looked up by the job: the request that asked does the same work for any address.
    PasswordReset {
        email: String,
    },
    /// The same, of whoever has this handle.
    PasswordResetOf {
        handle: String,
    },
    EmailVerification {
        handle: String,
        email: String,
    },
    Notice {
        notice: Notice,
        handle: String,
        email: String,
    },
}

/// What somebody who has forgotten a password says of who they are.
pub(crate) enum Whose {
    /// An address of theirs, which has to be proved.
    Address(Address),
    /// Their handle.
    Handle(Handle),
}

/// What somebody is told about, so that they can object if it was not them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    PasswordChanged,
    EmailChanged,
    Approved,
    HandleChanged,
    Leaving,
    ExportMade,
    TokenReused,
    CodeReused,
    SecondFactor(Change),
}

/// Owes letters, if there is a way to send them.
#[derive(Clone)]
pub(crate) struct Post {
    pool: PgPool,
    key: KeyEncryptionKey,
    mailer: Option<Mailer>,
    issuer: String,
}

impl Post {
    pub(crate) fn new(pool: PgPool, key: KeyEncryptionKey, mailer: Option<Mailer>, issuer: String) -> Self {
        Self { pool, key, mailer, issuer }
    }

    /// For what cannot go on without mail.
    pub(crate) fn needed(&self) -> Result<()> {
        match self.mailer {
            Some(_) => Ok(()),
            None => Err(Problem::conflict(
                "mail-not-configured",
                "This platform sends no mail, so this cannot be done. Whoever runs it can set SMTP_HOST or MAIL_FOLDER.",
            )),
        }
    }

    /// Owes a link to a new password, if this is somebody.
    pub(crate) async fn password_reset(&self, connection: &mut PgConnection, whose: &Whose) -> Result<()> {
        let what = match whose {
            Whose::Address(email) => What::PasswordReset { email: email.as_str().to_owned() },
            Whose::Handle(handle) => What::PasswordResetOf { handle: handle.as_str().to_owned() },
        };
        self.owe(connection, RESET_LIFE, what).await.map(drop)
    }

    /// Owes a link that proves an address to be this account's, in place of an earlier one.
    pub(crate) async fn email_verification(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        handle: &str,
        email: &Address,
    ) -> Result<()> {
        links::delete_all(connection, account, Purpose::EmailVerification).await?;
        let what = What::EmailVerification { handle: handle.to_owned(), email: email.as_str().to_owned() };
        let nonce = self.owe(connection, DAY, what).await?;
        let hash = told_once::hash(&self.token(Purpose::EmailVerification, &nonce));
        links::insert(connection, &hash, Purpose::EmailVerification, account, email.as_str(), DAY.as_secs_f64()).await.map(drop)
    }

    /// Tells somebody what happened, if there is an address to tell it to.
    pub(crate) async fn notice(&self, connection: &mut PgConnection, notice: Notice, handle: &str, email: Option<&str>) -> Result<()> {
        let (Some(email), Some(_)) = (email, &self.mailer) else { return Ok(()) };
        let what = What::Notice { notice, handle: handle.to_owned(), email: email.to_owned() };
        self.owe(connection, DAY, what).await.map(drop)
    }

    async fn owe(&self, connection: &mut PgConnection, life: Duration, what: What) -> Result<String> {
        let mut nonce = [0; 16];
        rand::fill(&mut nonce).map_err(|error| Problem::internal(error.to_string()))?;
        let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let owed = Owed { nonce: nonce.clone(), until: unix_now() + life.as_secs(), what };
        jobs::enqueue(connection, KIND, &owed).await?;
        Ok(nonce)
    }

    /// The end of the link in the letter with this nonce.
    fn token(&self, purpose: Purpose, nonce: &str) -> String {
        told_once::encode("splk_", self.key.derive(purpose.name(), nonce).as_ref())
    }

    async fn send(&self, Owed { nonce, until, what }: Owed) -> std::result::Result<(), JobError> {
        if unix_now() >= until {
            tracing::warn!("gave up on a letter: it could not be sent as long as it was of any use");
            return Ok(());
        }
        let mailer = self.mailer.as_ref().ok_or("a letter is owed, and there is no way to send it: set SMTP_HOST or MAIL_FOLDER")?;
        let (email, letter) = match what {
            What::PasswordReset { email } => {
                let found = accounts::with_email(&self.pool, &email).await.map_err(failed)?;
                let Some(found) = self.reset(&nonce, found, until).await? else { return Ok(()) };
                found
            }
            What::PasswordResetOf { handle } => {
                let found = accounts::with_handle(&self.pool, &handle).await.map_err(failed)?;
                let Some(found) = self.reset(&nonce, found, until).await? else { return Ok(()) };
                found
            }
            What::EmailVerification { handle, email } => {
                let token = self.token(Purpose::EmailVerification, &nonce);
                (email, letters::email_verification(&self.issuer, &handle, &token))
            }
            What::Notice { notice, handle, email } => (email, letters::notice(&self.issuer, &handle, notice)),
        };
        match mailer.send(&nonce, &Address::parse(&email)?, &letter).await {
            Err(error @ SendError::Refused(_)) => {
                tracing::warn!(%error, "gave up on a letter");
                Ok(())
            }
            sent => Ok(sent?),
        }
    }

    /// Makes the link to a new password; `None` if nobody was found, or nobody to whom a letter could go, or the password was
    /// changed since somebody asked, or they were sent too many of late.
    async fn reset(
        &self,
        nonce: &str,
        found: Option<Account>,
        until: u64,
    ) -> std::result::Result<Option<(String, mail::Letter)>, JobError> {
        let Some(found) = found else { return Ok(None) };
        let mut tx = self.pool.begin().await?;
        // Locked until the link is there: whoever changes the password comes before it, or ends it with the others.
        let found = accounts::lock(&mut tx, found.id).await.map_err(failed)?;
        // What was typed may differ in case from the address that was proved.
        let Some((account, handle, email)) = found.and_then(|found| Some((found.id, found.handle, found.email?))) else {
            return Ok(None);
        };
        // Known to a second: what was changed in the one in which somebody asked was changed before.
        let since = until.saturating_sub(RESET_LIFE.as_secs()) + 1;
        if security_events::is_password_changed(&mut tx, account, since as f64).await? {
            return Ok(None);
        }
        let token = self.token(Purpose::PasswordReset, nonce);
        let (hash, life) = (told_once::hash(&token), until.saturating_sub(unix_now()) as f64);
        // Only a new one counts: a letter that is written once more is the same.
        if links::insert(&mut tx, &hash, Purpose::PasswordReset, account, &email, life).await.map_err(failed)? {
            if links::count(&mut tx, account, Purpose::PasswordReset).await.map_err(failed)? > MOST_RESETS {
                tracing::warn!(event.name = "letters.too_many", "gave up on a letter: its account was sent too many of late");
                return Ok(None);
            }
            security_events::insert(&mut tx, Kind::PasswordAsked, Some(account), None, json!({})).await?;
        }
        tx.commit().await?;
        Ok(Some((email, letters::password_reset(&self.issuer, &handle, &token))))
    }
}

/// A problem is made for people who call; what it hides was logged where it arose.
fn failed(problem: Problem) -> JobError {
    format!("{}: a letter could not be prepared", problem.status()).into()
}

impl Run for Post {
    async fn run(&self, kind: &str, payload: &Value) -> std::result::Result<(), JobError> {
        match kind {
            KIND => self.send(Owed::deserialize(payload)?).await,
            unknown => Err(format!("no job is called {unknown}").into()),
        }
    }
}
