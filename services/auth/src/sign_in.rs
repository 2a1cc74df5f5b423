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

use crate::attempts::Kind as Tried;
use crate::handle::Handle;
use crate::password::Password;
use crate::source::Source;
use crate::standing::Standing;
use crate::store::accounts::{self, Account, Credentials};
use crate::store::security_events::{self, Kind};
use crate::store::sign_ins::{self, SignIn};
use crate::store::{devices, erasures};
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
}

/// Somebody who gave the right password, and has yet to give something else.
pub(crate) struct Half {
    pub(crate) account: AccountId,
    pub(crate) password_hash: String,
}

/// A session that begins, and has nobody's tokens yet.
pub(crate) struct Opened {
    pub(crate) account: Account,
    pub(crate) session: SessionId,
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
    let device_hash = device.map(told_once::hash);
    let known = accounts::credentials(&auth.pool, &name, device_hash.as_deref()).await?;
    let known_device = device.filter(|_| known.as_ref().is_some_and(|account| account.known_device));

    let guess = auth.attempts.guess(known_device, &source, (Tried::Name, &handle.to_ascii_lowercase())).await?;
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
    auth.attempts.was_none(guess).await?;
    if second_factor {
        return Ok(Proved::Half(Half { account, password_hash }));
    }
    let device = known_device.map(str::to_owned);
    Ok(Proved::Enough(Proof { account, password_hash, device, source, second_factor: None }))
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
pub(crate) async fn begin(auth: &State, proof: Proof, user_agent: Option<&str>) -> Result<Begun> {
    let device = match &proof.device {
        Some(known) => known.clone(),
        None => told_once::make("spdv_")?,
    };
    let mut tx = auth.pool.begin().await?;
    let Opened { account, session, secret } = open(auth, &mut tx, &proof, Some(&device), user_agent).await?;
    tx.commit().await?;
    metrics::signed_in(true);
    Ok(Begun { account, session, secret, device })
}

/// Makes a session of somebody who has proved who they are, on a device or for an app.
pub(crate) async fn open(
    auth: &State,
    connection: &mut PgConnection,
    proof: &Proof,
    device: Option<&str>,
    user_agent: Option<&str>,
) -> Result<Opened> {
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
    // Held until the commit: a change of the password or a suspension ends this session with the others, or comes before it.
    let account = accounts::hold(connection, proof.account, &proof.password_hash).await?.ok_or_else(wrong)?;
    may_sign_in(connection, &account).await?;
    let details = match &proof.second_factor {
        Some(second_factor) => json!({ "second_factor": second_factor }),
        None => json!({}),
    };
    let (sealed, device_hash) = (auth.sealing.seal(PURPOSE, &secret), device.map(told_once::hash));
    let sign_in = SignIn {
        account: account.id,
        secret: &sealed,
        life_days: auth.session_life_days,
        user_agent,
        device_hash: device_hash.as_deref(),
        source: &proof.source,
        details,
    };
    let session = sign_ins::insert(connection, &sign_in).await?;
    Ok(Opened { account, session, secret })
}

/// Only whoever knows the password learns this.
async fn may_sign_in(connection: &mut PgConnection, account: &Account) -> Result<()> {
    match (account.standing, &account.suspended_reason) {
        (Standing::Active, _) => Ok(()),
        (Standing::Pending, _) => Err(Problem::forbidden("Your account waits for an administrator to approve it. Try again later.")),
        (Standing::Suspended, Some(reason)) => Err(Problem::forbidden(format!("Your account is suspended. The reason given is: {reason}"))),
        (Standing::Suspended, None) => Err(Problem::forbidden("Your account is suspended.")),
        (Standing::Leaving, _) => {
            let time = erasures::time(connection, account.id).await?.unwrap_or_else(Timestamp::now);
            let detail = format!("Your account will be erased on {time:.0}, as you asked. To keep it, sign in with `\"keep\": true`.");
            Err(Problem::conflict("account-leaving", detail))
        }
    }
}
