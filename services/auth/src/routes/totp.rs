//! An authenticator app as the second factor.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::passwords;
use crate::Auth;
use crate::attempts::{Again, InSession};
use crate::password::Password;
use crate::second_factor::{self, Change, Confirmation, Showing};
use crate::source::Source;
use crate::store::{accounts, totp};

/// What a stolen session must not do, nor one that was stolen together with the password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmed {
    /// One's password.
    #[schema(value_type = String)]
    pub(super) password: Password,
    /// Where there is a second factor: what the app shows, or a recovery code.
    #[schema(example = "492039")]
    pub(super) code: Option<String>,
    /// In place of the code: what `toJSON()` of the credential gives, for a challenge of `/v1/sessions/passkey-challenges`.
    pub(super) passkey: Option<Value>,
}

/// A secret to put into an authenticator app.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offer {
    /// In base32, to type in.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The same, for a QR code.
    #[schema(example = "otpauth://totp/social.example.org:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=social.example.org")]
    url: String,
}

impl IntoResponse for Offer {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Begin to use an authenticator app. Nothing is asked for until a first code has been sent; doing it again makes another
/// secret.
#[utoipa::path(post, path = "/v1/accounts/me/totp", tag = "second factor", request_body = Confirmed, responses(
    (status = 201, body = Offer),
    (status = 409, body = ProblemDocument, description = "An app is in use already"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn offer(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(Confirmed { password, code, passkey }): Json<Confirmed>,
) -> Result<Offer> {
    let who = InSession::from(&viewer);
    let before = passwords::confirm(&auth, who, password, "password", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(code, passkey)).await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    tx = factor.check(&auth, tx, &account, &source).await?;
    let offered = second_factor::totp::offer(&auth, account.id, &account.handle)?;
    if !totp::insert(&mut tx, account.id, &offered.sealed).await? {
        drop(tx);
        factor.done(&auth).await?;
        return Err(Problem::conflict("totp-on", "An authenticator app is in use already. Remove it first."));
    }
    tx.commit().await?;
    factor.done(&auth).await?;
    Ok(Offer { secret: offered.secret, url: offered.url })
}

/// The first code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstCode {
    /// The six digits that the app shows.
    #[schema(example = "492039")]
    code: String,
}

/// What signing in takes from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactorAdded {
    /// Each is good once, for whoever has lost the other factors. They are told this once, and not at all to whoever has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovery_codes: Option<Vec<String>>,
}

impl IntoResponse for FactorAdded {
    fn into_response(self) -> Response {
        let mut response = Json(self).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Show that the app has the secret. From now on, signing in takes a code of it.
#[utoipa::path(put, path = "/v1/accounts/me/totp", tag = "second factor", request_body = FirstCode, responses(
    (status = 200, body = FactorAdded),
    (status = 409, body = ProblemDocument, description = "No secret waits for a code"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong codes of late; see `Retry-After`"),
))]
pub(crate) async fn confirm(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(FirstCode { code }): Json<FirstCode>,
) -> Result<FactorAdded> {
    let who = InSession::from(&viewer);
    let guess = auth.attempts.again(Again::Code, who).await?;
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    let Some(sealed) = totp::waiting(&mut tx, account.id).await? else {
        // There was nothing to guess at.
        drop(tx);
        auth.attempts.was_none(guess).await?;
        return Err(Problem::conflict("totp-not-begun", "No secret waits for a code. Ask for one with POST first."));
    };
    let Some(step) = second_factor::totp::step(&auth.sealing, account.id, &sealed, &code)? else {
        drop(tx);
        second_factor::failed(&auth, who, "code", &source).await?;
        return Err(Problem::invalid("code", "this is not what the app shows now; is the clock of the device right?"));
    };
    totp::confirm(&mut tx, account.id, step).await?;
    let recovery_codes = second_factor::first_codes(&mut tx, account.id).await?;
    second_factor::tell(&auth, &mut tx, &account, Change::TotpAdded, &source, json!({})).await?;
    tx.commit().await?;
    auth.attempts.was_none(guess).await?;
    Ok(FactorAdded { recovery_codes })
}

/// What removing the app takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// One's password.
    #[schema(value_type = String)]
    password: Password,
    /// What the app shows, or a recovery code.
    #[schema(example = "492039")]
    code: String,
}

/// Stop using the authenticator app. If no other second factor is left, the password has to have 15 characters or more, and
/// the recovery codes go.
#[utoipa::path(delete, path = "/v1/accounts/me/totp", tag = "second factor", request_body = Removal, responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "There is none"),
    (status = 409, body = ProblemDocument, description = "The password is too short to be all that protects"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn remove(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(Removal { password, code }): Json<Removal>,
) -> Result<StatusCode> {
    let who = InSession::from(&viewer);
    let before = passwords::confirm(&auth, who, password.clone(), "password", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(Some(code), None)).await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    if totp::used(&mut tx, account.id).await?.is_none() {
        drop(tx);
        factor.done(&auth).await?;
        return Err(Problem::not_found());
    }
    tx = factor.check(&auth, tx, &account, &source).await?;
    totp::delete(&mut tx, account.id).await?;
    let removed = second_factor::removed(&auth, &mut tx, &account, &password).await;
    if let Err(problem) = removed {
        drop(tx);
        factor.done(&auth).await?;
        return Err(problem);
    }
    second_factor::tell(&auth, &mut tx, &account, Change::TotpRemoved, &source, json!({})).await?;
    tx.commit().await?;
    factor.done(&auth).await?;
    Ok(StatusCode::NO_CONTENT)
}
