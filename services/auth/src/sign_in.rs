//! Signing in, for every door that there is: a password is proved, a second factor where there is one, and a session
//! begins. It takes a [`Proof`], so no door can forget to ask.
//!
//! An unknown name costs the same queries and the same hash as a wrong password, so that neither the answer nor the work
//! tells whether somebody has that name.

use aws_lc_rs::rand;
use contracts::{AccountId, SessionId};
use jiff::Timestamp;
use serde_json::json;
use serving::{Problem, Result};
use sqlx::PgConnection;

use crate::attempts::{Guess, Kind as Tried, KnownDevice};
use crate::handle::Handle;
use crate::password::Password;
use crate::source::Source;
use crate::standing::Standing;
use crate::store::accounts::{self, Account, Credentials};
use crate::store::attempts::Place;
use crate::store::security_events::{self, Kind};
use crate::store::sign_ins::{self, SignIn};
use crate::store::{beginnings, devices, erasures};
use crate::told_once;
use crate::{State, metrics};

/// What the secret of a session is sealed for.
pub(crate) const PURPOSE: &str = "session";

/// The secret of a session, opened; nothing where another KEY_ENCRYPTION_KEY sealed it: then the session has ended.
pub(crate) fn open_secret(auth: &State, sealed: &[u8]) -> Option<Vec<u8>> {
    let opened = auth.sealing.open(PURPOSE, sealed);
    opened.inspect_err(|error| tracing::warn!(event.name = "session.sealed", %error, "a session is taken for ended")).ok()
}

/// Who wants to sign in, and from where.
pub(crate) struct Attempt<'a> {
    pub(crate) handle: &'a str,
    pub(crate) password: Password,
    /// What a device was given at an earlier sign-in.
    pub(crate) device: Option<&'a str>,
    pub(crate) source: Source,
}

/// What a right password is worth.
pub(crate) enum Proved {
    /// All that this account asks for.
    Enough(Proof),
    /// Half of it; see [`second_factor`](crate::second_factor).
    Half(Half),
}

/// Somebody who has proved who they are, just now.
pub(crate) struct Proof {
    pub(crate) account: AccountId,
    /// As it is stored. What was proved counts as long as it stays.
    pub(crate) password_hash: String,
    /// The device's own, if they have signed in with it before.
    pub(crate) device: Option<String>,
    pub(crate) source: Source,
    /// What was shown besides the password, or in its place.
    pub(crate) second_factor: Option<String>,
    /// What the password was counted as, until it is given back: by [`begin`], or by [`settle`](Self::settle).
    pub(crate) guess: Option<Guess>,
}

impl Proof {
    /// It was no guess, whatever becomes of it.
    pub(crate) async fn settle(&mut self, auth: &State) -> Result<()> {
        match self.guess.take() {
            Some(guess) => auth.attempts.was_none(guess).await,
            None => Ok(()),
        }
    }
}

/// Somebody who gave the right password, and has yet to give something else.
pub(crate) struct Half {
    pub(crate) account: AccountId,
    pub(crate) password_hash: String,
}

/// A session that begins, and has nobody's tokens yet.
pub(crate) struct Opened {
    pub(crate) begun: sign_ins::Begun,
    /// The session's secret, not sealed.
    pub(crate) secret: [u8; 32],
}

/// A session that has begun.
pub(crate) struct Begun {
    pub(crate) account: Account,
    pub(crate) session: SessionId,
    /// The session's secret, not sealed.
    pub(crate) secret: [u8; 32],
    /// By which this device is known from now on.
    pub(crate) device: String,
}

/// Checks a password. 401 if the name or the password is wrong, 429 if too much was tried of late.
pub(crate) async fn prove(auth: &State, attempt: Attempt<'_>) -> Result<Proved> {
    let Attempt { handle, password, device, source } = attempt;
    // What cannot be a name is looked up all the same, as one that nobody has.
    let name = Handle::try_from(handle.to_owned()).map(|handle| handle.as_str().to_owned()).unwrap_or_default();
    let typed = handle.to_ascii_lowercase();
    let (known, known_device, guess) = match device {
        Some(token) => {
            let known = accounts::credentials(&auth.pool, &name, &told_once::hash(token)).await?;
            let knows_it = known.as_ref().filter(|account| account.known_device);
            let known_device = knows_it.map(|account| KnownDevice { account: account.id, token });
            let guess = auth.attempts.guess(known_device, &source, (Tried::Name, &typed)).await?;
            (known, known_device, guess)
        }
        None => {
            let (guess, known) = auth.attempts.guess_at_password(&source, &typed, &name).await?;
            (known, None, guess)
        }
    };
    let stored = known.as_ref().map(|account| account.password_hash.clone());
    let right = match auth.hasher.verify(password, stored, &source).await {
        Ok(right) => right,
        // Nothing was tried: there is no place in the queue.
        Err(problem) => {
            auth.attempts.was_none(guess).await?;
            return Err(problem);
        }
    };
    let Some(Credentials { id: account, password_hash, second_factor, .. }) = known.filter(|_| right) else {
        return Err(refuse(auth, &name, &source).await?);
    };
    if second_factor {
        auth.attempts.was_none(guess).await?;
        return Ok(Proved::Half(Half { account, password_hash }));
    }
    let device = known_device.map(|known| known.token.to_owned());
    Ok(Proved::Enough(Proof { account, password_hash, device, source, second_factor: None, guess: Some(guess) }))
}

/// What a device shows, if somebody has signed in to this account with it before.
pub(crate) async fn known_device(auth: &State, account: AccountId, device: Option<&str>) -> Result<Option<String>> {
    match device {
        Some(device) if devices::is_known(&auth.pool, account, &told_once::hash(device)).await? => Ok(Some(device.to_owned())),
        _ => Ok(None),
    }
}

/// Writes down that somebody was refused, with the same queries for every name.
async fn refuse(auth: &State, name: &str, source: &Source) -> Result<Problem> {
    let mut tx = auth.pool.begin().await?;
    security_events::insert_by_handle(&mut tx, Kind::SignInFailed, name, source).await?;
    tx.commit().await?;
    metrics::signed_in(false);
    tracing::info!(event.name = "sign_in.failed", "a sign-in failed");
    Ok(wrong())
}

fn wrong() -> Problem {
    Problem::unauthorized("Handle or password is wrong.")
}

/// Begins a session of somebody who has proved who they are, and keeps their device. `user_agent` is a summary.
pub(crate) async fn begin(auth: &State, mut proof: Proof, user_agent: Option<&str>) -> Result<Begun> {
    let guess = match proof.guess.take() {
        Some(guess) => auth.attempts.given_back_later(guess).await?,
        None => None,
    };
    let device = match &proof.device {
        Some(known) => known.clone(),
        None => told_once::make("spdv_")?,
    };
    // One statement is its own transaction.
    let mut connection = auth.pool.acquire().await?;
    let Opened { begun, secret } = open(auth, &mut connection, &proof, guess, Some(&device), user_agent).await?;
    metrics::signed_in(true);
    if let Err(problem) = sign_ins::make_room(&mut connection, &begun, Some(&told_once::hash(&device))).await {
        // They are in. What is too much goes with the next sign-in.
        tracing::warn!(event.name = "sign_in.crowded", error = problem.detail(), "old sessions or devices are kept for now");
    }
    Ok(Begun { account: begun.account, session: begun.session, secret, device })
}

/// Makes a session of somebody who has proved who they are, on a device or for an app, and gives back a guess by the way: where
/// the connection is in a transaction that may end without effect, there must be none.
pub(crate) async fn open(
    auth: &State,
    connection: &mut PgConnection,
    proof: &Proof,
    guess: Option<(Place, Place)>,
    device: Option<&str>,
    user_agent: Option<&str>,
) -> Result<Opened> {
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
    let details = match &proof.second_factor {
        Some(second_factor) => json!({ "second_factor": second_factor }),
        None => json!({}),
    };
    let (sealed, device_hash) = (auth.sealing.seal(PURPOSE, &secret), device.map(told_once::hash));
    let sign_in = SignIn {
        account: proof.account,
        password_hash: &proof.password_hash,
        secret: &sealed,
        life_days: auth.session_life_days,
        user_agent,
        device_hash: device_hash.as_deref(),
        source: &proof.source,
        details,
        guess,
    };
    match sign_ins::insert(connection, &sign_in).await? {
        Some(begun) => Ok(Opened { begun, secret }),
        None => Err(why_not(connection, proof).await?),
    }
}

/// Why no session has begun. Only whoever knows the password learns this.
async fn why_not(connection: &mut PgConnection, proof: &Proof) -> Result<Problem> {
    let Some(account) = accounts::hold(connection, proof.account, &proof.password_hash).await? else { return Ok(wrong()) };
    // Whoever may by now may try again, as whoever has begun too many.
    Ok(may_sign_in(connection, &account).await.err().unwrap_or_else(beginnings::too_many))
}

async fn may_sign_in(connection: &mut PgConnection, account: &Account) -> Result<()> {
    match (account.standing, &account.suspended_reason) {
        (Standing::Active, _) => Ok(()),
        (Standing::Pending, _) => Err(Problem::forbidden("Your account waits for an administrator to approve it. Try again later.")),
        (Standing::Suspended, Some(reason)) => Err(Problem::forbidden(format!("Your account is suspended. The reason given is: {reason}"))),
        (Standing::Suspended, None) => Err(Problem::forbidden("Your account is suspended.")),
        (Standing::Leaving, suspended) => {
            let time = erasures::time(connection, account.id).await?.unwrap_or_else(Timestamp::now);
            let besides = match suspended {
                Some(reason) => format!(" It would stay suspended. The reason given is: {reason}"),
                None => String::new(),
            };
            let detail =
                format!("Your account will be erased on {time:.0}, as you asked. To keep it, sign in with `\"keep\": true`.{besides}");
            Err(Problem::conflict("account-leaving", detail))
        }
    }
}
