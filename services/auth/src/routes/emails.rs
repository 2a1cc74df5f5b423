//! One's address: given, and proved to be one's own before it counts.

use axum::extract::State;
use axum::http::StatusCode;
use identity::Viewer;
use mail::Address;
use serde::Deserialize;
use serde_json::{Value, json};
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::passwords;
use crate::attempts::{InSession, Kind as Tried};
use crate::password::Password;
use crate::post::Notice;
use crate::second_factor::{Confirmation, Showing};
use crate::source::Source;
use crate::store::accounts;
use crate::store::links::{self, Purpose};
use crate::store::security_events::{self, Kind};
use crate::{Auth, State as Inner, told_once};

/// Where letters shall go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEmail {
    #[schema(example = "ada@example.org")]
    email: String,
    /// One's password: whoever gets the letters can change it.
    #[schema(value_type = String)]
    password: Password,
    /// Where there is a second factor: what the app shows, or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
    /// In place of the code: what `toJSON()` of the credential gives, for a challenge of `/v1/sessions/passkey-challenges`.
    passkey: Option<Value>,
}

/// Give an address. Until it is proved with the link that is sent there, nothing changes.
///
/// The answer is the same whether the address is another account's or not.
#[utoipa::path(put, path = "/v1/accounts/me/email", tag = "accounts", request_body = NewEmail, responses(
    (status = 202, description = "A link is on its way"),
    (status = 409, body = ProblemDocument, description = "The platform sends no mail, or the password was changed meanwhile"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many letters, wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn update(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(NewEmail { email, password, code, passkey }): Json<NewEmail>,
) -> Result<StatusCode> {
    auth.post.needed()?;
    let email = parse(&email)?;
    let who = InSession::from(&viewer);
    let before = passwords::confirm(&auth, who, password, "password", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(code, passkey)).await?;
    if let Err(problem) = count(&auth, email.as_str(), &source).await {
        factor.done(&auth).await?;
        return Err(problem);
    }
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    tx = factor.check(&auth, tx, &account, &source).await?;
    auth.post.email_verification(&mut tx, account.id, &account.handle, &email).await?;
    security_events::insert(&mut tx, Kind::EmailAsked, Some(account.id), Some(&source), json!({})).await?;
    tx.commit().await?;
    factor.done(&auth).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Prove an address, with the end of the link that was sent there. Each is good once.
#[utoipa::path(post, path = "/v1/accounts/email-verifications/{token}", tag = "accounts", params(("token" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "The link is not good, or not any more"),
    (status = 409, body = ProblemDocument, description = "The address belongs to another account"),
))]
pub(crate) async fn verify(State(Auth(auth)): State<Auth>, source: Source, Path(token): Path<String>) -> Result<StatusCode> {
    prove(&auth, &token, &source).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Uses the end of a link up that proves an address; 404 if it is not good, or not any more.
pub(super) async fn prove(auth: &Inner, token: &str, source: &Source) -> Result<()> {
    let token = told_once::hash(token);
    let whose = links::find(&auth.pool, &token, Purpose::EmailVerification).await?.ok_or_else(Problem::not_found)?;
    let mut tx = auth.pool.begin().await?;
    // The account first, as everywhere: two who change one account wait for each other and never in a circle.
    let account = accounts::lock(&mut tx, whose).await?.ok_or_else(Problem::not_found)?;
    let link = links::take(&mut tx, &token, Purpose::EmailVerification).await?.ok_or_else(Problem::not_found)?;
    accounts::set_email(&mut tx, account.id, &link.email).await?;
    // Links that went to the address of before.
    links::delete_all(&mut tx, account.id, Purpose::PasswordReset).await?;
    let before = account.email.as_deref().filter(|before| *before != link.email);
    auth.post.notice(&mut tx, Notice::EmailChanged, &account.handle, before).await?;
    security_events::insert(&mut tx, Kind::EmailVerified, Some(account.id), Some(source), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Reads an address to which a letter shall go, and counts the letter for it and for who asks: nobody shall be able to fill
/// another's mailbox.
pub(super) async fn accept(auth: &Inner, email: &str, source: &Source) -> Result<Address> {
    auth.post.needed()?;
    let email = parse(email)?;
    count(auth, email.as_str(), source).await?;
    Ok(email)
}

fn parse(email: &str) -> Result<Address> {
    Address::parse(email).map_err(|error| Problem::invalid("email", error.to_string()))
}

/// Counts a letter for who asks, and for the address or the handle to which it shall go.
pub(super) async fn count(auth: &Inner, to: &str, source: &Source) -> Result<()> {
    auth.attempts.take(Tried::MailFrom, &source.network()).await?;
    auth.attempts.take(Tried::MailTo, &to.to_ascii_lowercase()).await
}
