//! The second factor: what somebody has, besides what they know.
//!
//! ```text
//!   password ─► right, and there is a second factor ─► a challenge: good once, five minutes, five tries
//!                 challenge + a code of the app, a recovery code or a passkey ─► a session
//!   passkey, by itself ─► a session: the authenticator has asked for a PIN or a finger
//! ```

mod change;
mod confirm;
pub(crate) mod passkeys;
pub(crate) mod recovery_codes;
pub(crate) mod totp;

use contracts::AccountId;
use serde::Serialize;
use serde_json::{Value, json};
use serving::{Problem, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

pub(crate) use self::change::{Change, first_codes, new_codes, removed, tell};
pub(crate) use self::confirm::{Confirmation, Showing, failed};
use self::passkeys::{Answer, Platform};
use crate::attempts::{Kind as Tried, KnownDevice};
use crate::sign_in::{self, Half, Proof};
use crate::source::Source;
use crate::store::accounts::{self, Account};
use crate::store::security_events::{self, Kind};
use crate::store::{passkey_challenges, second_factors, sign_in_challenges};
use crate::{State, metrics, store, told_once};

/// A way to give the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// A code of an authenticator app.
    Code,
    /// One of the codes that were written down.
    RecoveryCode,
    /// A passkey.
    Passkey,
}

/// What the second factor is asked for with.
pub(crate) struct Challenge {
    /// It is told this once.
    pub(crate) token: String,
    pub(crate) methods: Vec<Method>,
}

/// What somebody shows.
pub(crate) enum Shown {
    Code(String),
    RecoveryCode(String),
    Passkey(Value),
}

impl Shown {
    /// What was typed into a field that takes both kinds of codes: those of apps have six digits.
    pub(crate) fn typed(code: String) -> Self {
        let plain: Vec<char> = code.chars().filter(|character| !character.is_whitespace()).collect();
        match plain.len() == 6 && plain.iter().all(char::is_ascii_digit) {
            true => Self::Code(code),
            false => Self::RecoveryCode(code),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::RecoveryCode(_) => "recovery_code",
            Self::Passkey(_) => "passkey",
        }
    }
}

/// Asks somebody who gave the right password for the second factor.
pub(crate) async fn ask(auth: &State, half: Half) -> Result<Challenge> {
    let Half { account, password_hash } = half;
    let token = told_once::make("spsf_")?;
    sign_in_challenges::insert(&auth.pool, &told_once::hash(&token), account, &told_once::hash(&password_hash)).await?;
    let has = second_factors::of(&auth.pool, account).await?;
    let methods = [(Method::Code, has.totp), (Method::Passkey, has.passkeys > 0), (Method::RecoveryCode, has.recovery_codes > 0)];
    Ok(Challenge { token, methods: methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| method).collect() })
}

/// Has whoever was asked with this challenge a passkey?
pub(crate) async fn takes_passkey(auth: &State, challenge: &str) -> Result<bool> {
    store::passkeys::are_of_challenged(&auth.pool, &told_once::hash(challenge)).await
}

/// Somebody's answer to a [`Challenge`].
pub(crate) struct Given<'a> {
    pub(crate) challenge: &'a str,
    pub(crate) shown: Shown,
    /// What the device was given at an earlier sign-in.
    pub(crate) device: Option<&'a str>,
    pub(crate) source: Source,
}

/// Checks the second factor. 401 if it is wrong, 409 if they have to begin again, 429 if too much was tried of late.
pub(crate) async fn prove(auth: &State, given: Given<'_>) -> Result<Proof> {
    let Given { challenge, shown, device, source } = given;
    let token = told_once::hash(challenge);
    let challenged = sign_in_challenges::count(&auth.pool, &token).await?.ok_or_else(over)?;
    let account = accounts::find(&auth.pool, challenged.account).await?.ok_or_else(over)?;
    let password_hash = accounts::password_hash(&auth.pool, account.id).await?.ok_or_else(over)?;
    if told_once::hash(&password_hash) != challenged.password_proof {
        return Err(over());
    }
    let device = sign_in::known_device(auth, account.id, device).await?;
    let known_device = device.as_deref().map(|token| KnownDevice { account: account.id, token });
    let guess = auth.attempts.guess(known_device, &source, (Tried::SecondFactor, &account.id.to_string())).await?;
    let mut tx = auth.pool.begin().await?;
    // What is wrong uses nothing up: the transaction ends without it.
    if !sign_in_challenges::take(&mut tx, &token).await? || !check(auth, &mut tx, &account, &shown, &source).await? {
        drop(tx);
        let details = json!({ "tried": shown.name() });
        let mut connection = auth.pool.acquire().await?;
        security_events::insert(&mut connection, Kind::SecondFactorFailed, Some(account.id), Some(&source), details).await?;
        return Err(Problem::unauthorized("This is wrong, or was used before."));
    }
    tx.commit().await?;
    auth.attempts.was_none(guess).await?;
    Ok(Proof { account: account.id, password_hash, device, source, second_factor: Some(shown.name().to_owned()), guess: None })
}

/// 409: what somebody was asked with is used up, too old, or of a password that is another one by now.
pub(crate) fn over() -> Problem {
    Problem::conflict("challenge-over", "This took too long, or was tried too often. Sign in again from the start.")
}

/// Is what is shown right, and this account's? Then it is used up.
async fn check(auth: &State, connection: &mut PgConnection, account: &Account, shown: &Shown, source: &Source) -> Result<bool> {
    match shown {
        Shown::Code(code) => {
            let Some(sealed) = store::totp::used(connection, account.id).await? else { return Ok(false) };
            match totp::step(&auth.sealing, account.id, &sealed, code)? {
                Some(step) => store::totp::take(connection, account.id, step).await,
                None => Ok(false),
            }
        }
        Shown::RecoveryCode(code) => {
            let right = store::recovery_codes::take(connection, account.id, &recovery_codes::hash(code)).await?;
            if right {
                tell(auth, connection, account, Change::RecoveryCodeUsed, source, json!({})).await?;
            }
            Ok(right)
        }
        Shown::Passkey(answer) => Ok(passkey(auth, connection, answer).await? == Some(account.id)),
    }
}

/// Whose passkey answered right, if anybody's. Its challenge is used up, and its counter moves on.
async fn passkey(auth: &State, connection: &mut PgConnection, answer: &Value) -> Result<Option<AccountId>> {
    let platform = Platform::of(&auth.issuer)?;
    let Some(answer) = Answer::read(answer) else { return Ok(None) };
    let Some(challenge) = answer.challenge_hash() else { return Ok(None) };
    let Some(state) = passkey_challenges::take(connection, None, &challenge).await? else { return Ok(None) };
    let Some(found) = store::passkeys::lock(connection, &answer.credential_id()).await? else { return Ok(None) };
    let Ok(state) = platform.sign_in(&state, &answer, &found.stored)? else { return Ok(None) };
    store::passkeys::used(connection, found.id, &state).await?;
    Ok(Some(found.account))
}

/// Checks a passkey that stands for the password, too. 401 if it proves nothing, 429 if too much was tried of late.
pub(crate) async fn prove_by_passkey(auth: &State, answer: &Value, device: Option<&str>, source: Source) -> Result<Proof> {
    let wrong = || Problem::unauthorized("This passkey is not known here, or did not answer what it was asked.");
    // Who it is, only the answer tells; whose device it is, is known before.
    let owner = match device {
        Some(device) => store::devices::owner(&auth.pool, &told_once::hash(device)).await?,
        None => None,
    };
    let known_device = owner.zip(device).map(|(account, token)| KnownDevice { account, token });
    let guess = auth.attempts.guess_at_anybody(known_device, &source).await?;
    let mut tx = auth.pool.begin().await?;
    let Some(account) = passkey(auth, &mut tx, answer).await? else {
        drop(tx);
        let mut connection = auth.pool.acquire().await?;
        security_events::insert(&mut connection, Kind::SignInFailed, None, Some(&source), json!({ "tried": "passkey" })).await?;
        metrics::signed_in(false);
        return Err(wrong());
    };
    tx.commit().await?;
    auth.attempts.was_none(guess).await?;
    let device = match known_device {
        Some(known) if owner == Some(account) => Some(known.token.to_owned()),
        // Known as somebody else's: with this passkey it is a stranger, and counts as its network does.
        Some(_) => {
            let guess = auth.attempts.guess_at_anybody(None, &source).await?;
            auth.attempts.was_none(guess).await?;
            None
        }
        None => None,
    };
    let password_hash = accounts::password_hash(&auth.pool, account).await?.ok_or_else(wrong)?;
    Ok(Proof { account, password_hash, device, source, second_factor: Some("passkey".to_owned()), guess: None })
}
