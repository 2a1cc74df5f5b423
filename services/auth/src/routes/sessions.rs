//! Signing in and out, and where one is signed in.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::SessionId;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::media::done_and_forgotten;
use super::second_factor::SecondFactorRequired;
use super::tokens::{self, Holder, Tokens};
use crate::password::Password;
use crate::sign_in::{self, Attempt, Begun, Proof, Proved};
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, sessions};
use crate::user_agent::UserAgent;
use crate::{Auth, State as Inner, erasing, second_factor};

/// Most characters of a session's name.
const LONGEST_NAME: usize = 100;

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    handle: String,
    #[schema(value_type = String)]
    password: Password,
    /// What an earlier sign-in of this account on this device was answered with. Strangers who guess at the password cannot
    /// shut out a device that shows it.
    device: Option<String>,
    /// One's account was to be erased, and one stays. Where there is a second factor, send it with that instead.
    #[serde(default)]
    keep: bool,
}

/// A session has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    #[serde(flatten)]
    tokens: Tokens,
    /// Keep it on this device, beyond signing out, and send it with the next sign-in of this account.
    device: String,
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Sign in.
///
/// An unknown handle and a wrong password get the same answer after the same work. Too many wrong passwords, for one name or
/// from one network, are answered with 429; a device on which somebody has signed in before is not counted among them.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SignIn, responses(
    (status = 201, body = SignedIn),
    (status = 401, body = SecondFactorRequired, description = "Handle or password is wrong (`unauthorized`), or right and not enough (`second-factor-required`)"),
    (status = 403, body = ProblemDocument, description = "The password is right, and the account is suspended or not approved yet"),
    (status = 409, body = ProblemDocument, description = "The password is right, and the account will be erased, unless `keep` is sent (`account-leaving`)"),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or sessions of late, or too many sign-ins of your network at once; see `Retry-After`"),
    (status = 503, body = ProblemDocument, description = "Too many sign-ins at once; see `Retry-After`"),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    source: Source,
    UserAgent(user_agent): UserAgent,
    Json(SignIn { handle, password, device, keep }): Json<SignIn>,
) -> Result<Response> {
    let attempt = Attempt { handle: &handle, password, device: device.as_deref(), source };
    match sign_in::prove(&auth, attempt).await? {
        Proved::Enough(proof) => Ok(signed_in(&auth, proof, keep, user_agent.as_deref()).await?.into_response()),
        Proved::Half(half) => Ok(SecondFactorRequired::from(second_factor::ask(&auth, half).await?).into_response()),
    }
}

/// Begins the session of somebody who has proved who they are, and issues its tokens. `keep`: whoever wanted to leave stays.
pub(super) async fn signed_in(auth: &Inner, mut proof: Proof, keep: bool, user_agent: Option<&str>) -> Result<SignedIn> {
    if keep {
        proof.settle(auth).await?;
        erasing::keep(auth, &proof).await?;
    }
    let Begun { account, session, secret, device } = sign_in::begin(auth, proof, user_agent).await?;
    let holder = Holder::first_party(account.id, account.handle, account.roles, session);
    Ok(SignedIn { tokens: tokens::issue(auth, &holder, &secret, 0).await?, device })
}

/// Sign out: the session's tokens are worth nothing any more, on every service within a second. A browser forgets its cookie
/// for pictures.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", responses((status = 204), (status = 401, body = ProblemDocument)))]
pub(crate) async fn end_current(State(Auth(auth)): State<Auth>, viewer: Viewer, source: Source) -> Result<Response> {
    // Twice at once is signed out, too.
    end_one(&auth, &viewer, viewer.session, source, Kind::SignedOut).await?;
    Ok(done_and_forgotten(&auth))
}

/// Somewhere that one is signed in, or an app that may call for one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    id: SessionId,
    /// As its owner named it.
    name: Option<String>,
    /// What it was begun with, such as `Firefox on Linux`.
    user_agent: Option<String>,
    /// The app that it is of, if it is not the platform's own.
    client_id: Option<String>,
    /// The one that asks.
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last got new tokens, and a browser's about when an app was last allowed something in it; one that is in use gets
    /// them every ten minutes.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// However much it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl Session {
    fn new(listed: sessions::Listed, viewer: &Viewer) -> Self {
        let sessions::Listed { id, name, user_agent, client_id, created_at, rotated_at, expires_at } = listed;
        Self { id, name, user_agent, client_id, current: id == viewer.session, created_at, last_used_at: rotated_at, expires_at }
    }
}

/// Where one is signed in, newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", responses((status = 200, body = Paged<Session>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<Session>> {
    let listed = sessions::list(&auth.pool, viewer.account, &page).await?;
    Ok(page.cut(listed, |listed| listed.id.0).map(|listed| Session::new(listed, &viewer)))
}

/// What is changed of a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionChange {
    /// 1 to 100 characters; `null` takes the name away.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(max_length = 100)]
    name: Option<String>,
}

/// Name one of one's sessions.
#[utoipa::path(patch, path = "/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path)), request_body = SessionChange, responses(
    (status = 200, body = Session),
    (status = 404, body = ProblemDocument),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn rename(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    Path(id): Path<SessionId>,
    Json(SessionChange { name }): Json<SessionChange>,
) -> Result<Json<Session>> {
    let name = name.as_deref().map(str::trim);
    let allowed = |name: &str| (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if name.is_some_and(|name| !allowed(name)) {
        return Err(Problem::invalid("name", format!("a name has 1 to {LONGEST_NAME} characters in one line")));
    }
    let renamed = sessions::rename(&auth.pool, viewer.account, id, name).await?;
    renamed.map(|listed| Json(Session::new(listed, &viewer))).ok_or_else(Problem::not_found)
}

/// End one of one's sessions, on every service within a second.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn end(State(Auth(auth)): State<Auth>, viewer: Viewer, source: Source, Path(id): Path<SessionId>) -> Result<Response> {
    match end_one(&auth, &viewer, id, source, Kind::SessionEnded).await? {
        true if id == viewer.session => Ok(done_and_forgotten(&auth)),
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::not_found()),
    }
}

/// Ends a session; `false` if there is no such one of theirs.
async fn end_one(auth: &Inner, viewer: &Viewer, id: SessionId, source: Source, kind: Kind) -> Result<bool> {
    let mut tx = auth.pool.begin().await?;
    if !sessions::is_of(&mut tx, id, viewer.account).await? {
        return Ok(false);
    }
    sessions::end(&mut tx, id).await?;
    security_events::insert(&mut tx, kind, Some(viewer.account), Some(&source), json!({ "session": id })).await?;
    tx.commit().await?;
    Ok(true)
}

/// Which sessions go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EndAll {
    /// `current`: the one that asks goes on.
    #[param(value_type = Option<String>, example = "current")]
    except: Option<Except>,
}

/// What is left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Except {
    /// The session that asks.
    Current,
}

/// End all of one's sessions, or all others, on every service within a second.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions", params(EndAll), responses((status = 204), (status = 401, body = ProblemDocument)))]
pub(crate) async fn end_all(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Query(EndAll { except }): Query<EndAll>,
) -> Result<Response> {
    let mut tx = auth.pool.begin().await?;
    accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    let spared = except.map(|Except::Current| viewer.session);
    let ended = sessions::end_all(&mut tx, viewer.account, spared).await?;
    let details = json!({ "sessions": ended });
    security_events::insert(&mut tx, Kind::SessionsEnded, Some(viewer.account), Some(&source), details).await?;
    tx.commit().await?;
    match spared {
        Some(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Ok(done_and_forgotten(&auth)),
    }
}
