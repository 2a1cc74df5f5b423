//! One's passkeys: made, named and removed.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::passwords;
use super::totp::Confirmed;
use crate::Auth;
use crate::second_factor::passkeys::{Asked, Platform, read_registration};
use crate::second_factor::{self, Change};
use crate::source::Source;
use crate::store::{accounts, passkey_challenges, passkeys, second_factors};

/// Most characters of a passkey's name.
const LONGEST_NAME: usize = 100;
/// Passkeys of one account.
const MOST: i64 = 20;

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
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords of late; see `Retry-After`"),
))]
pub(crate) async fn challenge(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    Json(Confirmed { password }): Json<Confirmed>,
) -> Result<Options> {
    let platform = Platform::of(&auth.issuer)?;
    passwords::confirm(&auth, &viewer, password, "password").await?;
    let user = passkeys::user(&auth.pool, viewer.account).await?.ok_or_else(Problem::not_found)?;
    let known = passkeys::known(&auth.pool, viewer.account).await?;
    let asked = platform.ask_to_register(&viewer.handle, &user, known)?;
    passkey_challenges::insert(&auth.pool, Some(viewer.account), &asked).await?;
    Ok(asked.into())
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
    let name = read_name(&name)?;
    let wrong = || Problem::invalid("credential", "this is not the answer to a challenge of yours that is still good; begin again");
    let platform = Platform::of(&auth.issuer)?;
    let (answer, challenge) = read_registration(&credential).ok_or_else(wrong)?;
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    let state = passkey_challenges::take(&mut tx, Some(account.id), &challenge).await?.ok_or_else(wrong)?;
    let Ok(registered) = platform.register(&state, &answer)? else { return Err(wrong()) };
    if second_factors::of(&mut *tx, account.id).await?.passkeys >= MOST {
        return Err(Problem::conflict("too-many-passkeys", format!("There are {MOST} passkeys. Remove one first.")));
    }
    let passkey = passkeys::insert(&mut tx, account.id, name, &registered).await?;
    let recovery_codes = second_factor::first_codes(&mut tx, account.id).await?;
    let details = json!({ "passkey": passkey.id.to_string() });
    second_factor::tell(&auth, &mut tx, &account, Change::PasskeyAdded, &source, details).await?;
    tx.commit().await?;
    Ok(AddedPasskey { passkey: passkey.into(), recovery_codes })
}

fn read_name(name: &str) -> Result<&str> {
    let name = name.trim();
    match (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control) {
        true => Ok(name),
        false => Err(Problem::invalid("name", format!("a name has 1 to {LONGEST_NAME} characters in one line"))),
    }
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
    let renamed = passkeys::rename(&auth.pool, viewer.account, id, read_name(&name)?).await?;
    renamed.map(Passkey::from).map(Json).ok_or_else(Problem::not_found)
}

/// Remove a passkey. If no other second factor is left, the password has to have 15 characters or more, and the recovery
/// codes go.
#[utoipa::path(delete, path = "/v1/accounts/me/passkeys/{id}", tag = "second factor", params(("id" = String, Path)),
    request_body = Confirmed, responses(
        (status = 204),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "The password is too short to be all that protects"),
        (status = 422, body = ProblemDocument),
        (status = 429, body = ProblemDocument, description = "Too many wrong passwords of late; see `Retry-After`"),
    ))]
pub(crate) async fn delete(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Path(id): Path<i64>,
    Json(Confirmed { password }): Json<Confirmed>,
) -> Result<StatusCode> {
    let before = passwords::confirm(&auth, &viewer, password.clone(), "password").await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, &viewer, &before).await?;
    if !passkeys::delete(&mut tx, account.id, id).await? {
        return Err(Problem::not_found());
    }
    second_factor::removed(&auth, &mut tx, &account, &password).await?;
    let details = json!({ "passkey": id.to_string() });
    second_factor::tell(&auth, &mut tx, &account, Change::PasskeyRemoved, &source, details).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
