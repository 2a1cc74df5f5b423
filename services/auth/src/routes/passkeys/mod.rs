//! One's passkeys: made, named and removed.

pub(in crate::routes) mod changes;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serving::{Json, Page, Paged, Path, ProblemDocument, Result};
use utoipa::ToSchema;

use self::changes::Added;
use super::totp::Confirmed;
use crate::Auth;
use crate::attempts::InSession;
use crate::second_factor::Showing;
use crate::second_factor::passkeys::Asked;
use crate::source::Source;
use crate::store::passkeys;

/// What a browser asks an authenticator.
pub(crate) struct Options(Value);

impl From<Asked> for Options {
    fn from(asked: Asked) -> Self {
        Self(asked.options)
    }
}

impl IntoResponse for Options {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.0)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Begin to add a passkey. Give the answer to `PublicKeyCredential.parseCreationOptionsFromJSON()`, and what that gives to
/// `navigator.credentials.create()` as `publicKey`. It is good once, for five minutes.
#[utoipa::path(post, path = "/v1/accounts/me/passkeys/challenges", tag = "second factor", request_body = Confirmed, responses(
    (status = 201, description = "A `PublicKeyCredentialCreationOptionsJSON`", body = serde_json::Value),
    (status = 409, body = ProblemDocument, description = "The platform has no name, only an address; or there are 20 passkeys"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn challenge(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(Confirmed { password, code, passkey }): Json<Confirmed>,
) -> Result<Options> {
    let (who, showing) = (InSession::from(&viewer), Showing::sent(code, passkey));
    changes::ask(&auth, who, &viewer.handle, password, showing, &source).await.map(Options::from)
}

/// What the authenticator answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskey {
    /// What `toJSON()` of the new credential gives: a `RegistrationResponseJSON`.
    credential: Value,
    /// To know it by: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "My phone")]
    name: String,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Passkey {
    id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last signed somebody in.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
}

impl From<passkeys::Listed> for Passkey {
    fn from(listed: passkeys::Listed) -> Self {
        let passkeys::Listed { id, name, created_at, used_at } = listed;
        Self { id: id.to_string(), name, created_at, used_at: used_at.map(|at| at.to_jiff()) }
    }
}

/// A passkey that was added just now.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedPasskey {
    #[serde(flatten)]
    passkey: Passkey,
    /// Each is good once, for whoever has lost the other factors. They are told this once, and not at all to whoever has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

impl IntoResponse for AddedPasskey {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Add a passkey. From now on, signing in takes one, or another second factor; a passkey also signs in by itself.
#[utoipa::path(post, path = "/v1/accounts/me/passkeys", tag = "second factor", request_body = NewPasskey, responses(
    (status = 201, body = AddedPasskey),
    (status = 409, body = ProblemDocument, description = "It was registered before, or there are 20 passkeys"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(NewPasskey { credential, name }): Json<NewPasskey>,
) -> Result<AddedPasskey> {
    let Added { passkey, recovery_codes } = changes::add(&auth, viewer.account, &name, &credential, &source).await?;
    Ok(AddedPasskey { passkey: passkey.into(), recovery_codes })
}

/// One's passkeys, newest first.
#[utoipa::path(get, path = "/v1/accounts/me/passkeys", tag = "second factor",
    responses((status = 200, body = Paged<Passkey>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<Passkey>> {
    let listed = passkeys::list(&auth.pool, viewer.account, &page).await?;
    Ok(page.cut(listed, |passkey| passkey.id).map(Passkey::from))
}

/// What is changed of a passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyChange {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Name a passkey.
#[utoipa::path(patch, path = "/v1/accounts/me/passkeys/{id}", tag = "second factor", params(("id" = String, Path)),
    request_body = PasskeyChange, responses(
        (status = 200, body = Passkey),
        (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
    ))]
pub(crate) async fn rename(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    Path(id): Path<i64>,
    Json(PasskeyChange { name }): Json<PasskeyChange>,
) -> Result<Json<Passkey>> {
    changes::rename(&auth, viewer.account, id, &name).await.map(Passkey::from).map(Json)
}

/// Remove a passkey. If no other second factor is left, the password has to have 15 characters or more, and the recovery
/// codes go.
#[utoipa::path(delete, path = "/v1/accounts/me/passkeys/{id}", tag = "second factor", params(("id" = String, Path)),
    request_body = Confirmed, responses(
        (status = 204),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "The password is too short to be all that protects"),
        (status = 422, body = ProblemDocument),
        (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
    ))]
pub(crate) async fn delete(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Path(id): Path<i64>,
    Json(Confirmed { password, code, passkey }): Json<Confirmed>,
) -> Result<StatusCode> {
    changes::remove(&auth, InSession::from(&viewer), id, password, Showing::sent(code, passkey), &source).await?;
    Ok(StatusCode::NO_CONTENT)
}
