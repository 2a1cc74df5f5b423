//! Changing a password, with the old one or with a link.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::AccountId;
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Json, Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::emails;
use crate::attempts::{Again, InSession, Kind as Tried};
use crate::handle::Handle;
use crate::password::Password;
use crate::post::{Notice, Whose};
use crate::second_factor::{self, Confirmation, Showing};
use crate::source::Source;
use crate::store::links::{self, Purpose};
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, devices, second_factors, sessions};
use crate::{Auth, State as Inner, told_once};

/// A new password in place of the old one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The one of now.
    #[schema(value_type = String)]
    current: Password,
    /// 15 characters or more, with a second factor 8, of any kind; none of those that are guessed first.
    #[schema(value_type = String, min_length = 8, max_length = 1024)]
    password: Password,
    /// Where there is a second factor: what the app shows, or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
    /// In place of the code: what `toJSON()` of the credential gives, for a challenge of `/v1/sessions/passkey-challenges`.
    passkey: Option<Value>,
}

/// Change one's password.
///
/// Every session but the one that asks ends, and no device but the one on which that one began is known any more. No
/// link of an earlier letter is good any more, one that proves an address included: give it once more.
#[utoipa::path(put, path = "/v1/accounts/me/password", tag = "accounts", request_body = PasswordChange, responses(
    (status = 204),
    (status = 409, body = ProblemDocument, description = "It was changed meanwhile"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn change(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(PasswordChange { current, password, code, passkey }): Json<PasswordChange>,
) -> Result<StatusCode> {
    let names = [viewer.handle.as_str(), auth.host()];
    password.check_new(second_factors::of(&auth.pool, viewer.account).await?.on(), &names)?;
    let who = InSession::from(&viewer);
    let before = confirm(&auth, who, current, "current", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(code, passkey)).await?;
    let hash = match auth.hasher.hash(password.clone(), &source).await {
        Ok(hash) => hash,
        // Nothing was looked at: there is no place in the queue.
        Err(problem) => {
            factor.done(&auth).await?;
            return Err(problem);
        }
    };
    let mut tx = auth.pool.begin().await?;
    let account = lock_confirmed(&mut tx, viewer.account, &before).await?;
    tx = factor.check(&auth, tx, &account, &source).await?;
    // Again, now that none can go: the last second factor may have been removed meanwhile.
    password.check_new(second_factors::of(&mut *tx, account.id).await?.on(), &names)?;
    accounts::set_password(&mut tx, account.id, &hash).await?;
    end_links(&mut tx, account.id).await?;
    sessions::end_all(&mut tx, account.id, Some(viewer.session)).await?;
    // Whoever had the password may have left a device behind.
    devices::delete_others(&mut tx, account.id, viewer.session).await?;
    auth.post.notice(&mut tx, Notice::PasswordChanged, &account.handle, account.email.as_deref()).await?;
    security_events::insert(&mut tx, Kind::PasswordChanged, Some(account.id), Some(&source), json!({})).await?;
    tx.commit().await?;
    factor.done(&auth).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the password of somebody who is signed in, for what a stolen session must not do; says the hash that it was checked
/// against. `field` is where it was sent.
pub(super) async fn confirm(auth: &Inner, who: InSession, password: Password, field: &str, source: &Source) -> Result<String> {
    let stored = accounts::password_hash(&auth.pool, who.account).await?.ok_or_else(Problem::not_found)?;
    let guess = auth.attempts.again(Again::Password, who).await?;
    let right = auth.hasher.verify(password, Some(stored.clone()), source).await;
    if let Ok(false) = right {
        second_factor::failed(auth, who, "password", source).await?;
        return Err(Problem::invalid(field, "this is not your password"));
    }
    // It is right, or was not looked at: there is no place in the queue.
    auth.attempts.was_none(guess).await?;
    right.map(|_| stored)
}

/// Locks the account of somebody whose password was confirmed against this hash; 409 if it is another one by now.
pub(super) async fn lock_confirmed(connection: &mut PgConnection, account: AccountId, before: &str) -> Result<accounts::Account> {
    let account = accounts::lock(connection, account).await?.ok_or_else(Problem::not_found)?;
    if accounts::hold(connection, account.id, before).await?.is_none() {
        return Err(Problem::conflict("password-changed", "Your password was changed meanwhile. Use the new one as the current one."));
    }
    Ok(account)
}

/// Who has forgotten a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    /// The verified address of the account.
    #[schema(example = "ada@example.org")]
    email: String,
}

/// Ask for a link to a new password.
///
/// The answer is the same whether the address is somebody's or not: that is looked up only when the letter is written.
#[utoipa::path(post, path = "/v1/accounts/password-resets", tag = "accounts", request_body = Forgotten, responses(
    (status = 202, description = "If the address is somebody's, a link is on its way"),
    (status = 409, body = ProblemDocument, description = "The platform sends no mail"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many letters of late; see `Retry-After`"),
))]
pub(crate) async fn ask(State(Auth(auth)): State<Auth>, source: Source, Json(Forgotten { email }): Json<Forgotten>) -> Result<StatusCode> {
    let email = emails::accept(&auth, &email, &source).await?;
    owe_link(&auth, &Whose::Address(email)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The same with one field that takes a handle, too. Neither the answer nor the work tells whether it is somebody's. 409 if
/// the platform sends no mail, 422 if nobody could have such a handle or address.
pub(super) async fn ask_by_either(auth: &Inner, typed: &str, source: &Source) -> Result<()> {
    auth.post.needed()?;
    let typed = typed.trim();
    // Handles are often written with a sign before them.
    let typed = typed.strip_prefix('@').unwrap_or(typed);
    if typed.contains('@') {
        let email = emails::accept(auth, typed, source).await?;
        return owe_link(auth, &Whose::Address(email)).await;
    }
    let wrong = |_| Problem::unprocessable("Type your handle, or the address that is proved to be yours.");
    let handle = Handle::try_from(typed.to_owned()).map_err(wrong)?;
    emails::count(auth, handle.as_str(), source).await?;
    owe_link(auth, &Whose::Handle(handle)).await
}

async fn owe_link(auth: &Inner, whose: &Whose) -> Result<()> {
    let mut connection = auth.pool.acquire().await?;
    auth.post.password_reset(&mut connection, whose).await
}

/// The new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// 15 characters or more, with a second factor 8, of any kind; none of those that are guessed first.
    #[schema(value_type = String, min_length = 8, max_length = 1024)]
    password: Password,
}

/// Whose password it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reset {
    pub(super) handle: String,
    /// To be sent with the next sign-in on this device, which strangers who guess then cannot shut out.
    pub(super) device: String,
}

/// Choose a new password, with the end of the link from the letter. Each is good once. Every session ends, and every other link
/// from a letter.
#[utoipa::path(put, path = "/v1/accounts/password-resets/{token}", tag = "accounts", params(("token" = String, Path)),
    request_body = NewPassword, responses(
        (status = 200, body = Reset),
        (status = 404, body = ProblemDocument, description = "The link is not good, or not any more"),
        (status = 422, body = ProblemDocument),
))]
pub(crate) async fn reset(
    State(Auth(auth)): State<Auth>,
    source: Source,
    Path(token): Path<String>,
    Json(NewPassword { password }): Json<NewPassword>,
) -> Result<Json<Reset>> {
    choose(&auth, &token, password, &source).await.map(Json)
}

/// Uses the end of a link up for a new password; 404 if it is not good, or not any more.
pub(super) async fn choose(auth: &Inner, token: &str, password: Password, source: &Source) -> Result<Reset> {
    let token = told_once::hash(token);
    // Only whoever has a good link makes us hash.
    let whose = links::find(&auth.pool, &token, Purpose::PasswordReset).await?.ok_or_else(Problem::not_found)?;
    let account = accounts::find(&auth.pool, whose).await?.ok_or_else(Problem::not_found)?;
    let names = [account.handle.as_str(), auth.host()];
    password.check_new(second_factors::of(&auth.pool, whose).await?.on(), &names)?;
    let hash = auth.hasher.hash(password.clone(), source).await?;
    let device = told_once::make("spdv_")?;
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, whose).await?.ok_or_else(Problem::not_found)?;
    password.check_new(second_factors::of(&mut *tx, whose).await?.on(), &names)?;
    links::take(&mut tx, &token, Purpose::PasswordReset).await?.ok_or_else(Problem::not_found)?;
    end_links(&mut tx, account.id).await?;
    accounts::set_password(&mut tx, account.id, &hash).await?;
    sessions::end_all(&mut tx, account.id, None).await?;
    // Whoever had the password may have left a device behind.
    devices::delete_all(&mut tx, account.id).await?;
    devices::keep(&mut tx, account.id, &told_once::hash(&device)).await?;
    auth.post.notice(&mut tx, Notice::PasswordChanged, &account.handle, account.email.as_deref()).await?;
    security_events::insert(&mut tx, Kind::PasswordReset, Some(account.id), Some(source), json!({})).await?;
    tx.commit().await?;
    auth.attempts.forget(Tried::Name, &account.handle).await?;
    Ok(Reset { handle: account.handle, device })
}

/// Makes every link of an account worthless whose password is another one now. Whoever had the old one may have given an address of
/// theirs: with it, they would get a link to a new password.
async fn end_links(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    links::delete_all(connection, account, Purpose::PasswordReset).await?;
    links::delete_all(connection, account, Purpose::EmailVerification).await
}
