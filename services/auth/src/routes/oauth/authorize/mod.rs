//! The pages on which a person signs in and allows an app something.
//!
//! ```text
//!   GET ─► request: which app, for what? ─► visit: who is at the browser?
//!            │ wrong: a page, or back to the app        │ nobody: they sign in (sign_in) ─► GET again
//!            │                                          │ somebody: allowed before? ─► a code, back to the app
//!            │                                          └ else the consent page ─► POST ─► a code, back to the app
//! ```

mod pages;
mod request;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use contracts::{Scope, Scopes};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use self::request::{Asked, Request};
use super::browser::Visit;
use super::html::{Stop, to};
use super::sign_in::{self, Door, Entered};
use crate::password::Password;
use crate::routes::tokens::grantable;
use crate::source::Source;
use crate::store::browsers::Browser;
use crate::store::codes::{self, NewCode};
use crate::store::security_events::{self, Kind};
use crate::store::{apps, consents, sessions};
use crate::user_agent::UserAgent;
use crate::{Auth, State as Inner, told_once};

/// What a person did on one of the pages.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Answer {
    action: Action,
    /// Proves that the form is ours.
    csrf: String,
    handle: Option<String>,
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
    /// What the right password was answered with, where it was not enough or the account will be erased.
    challenge: Option<String>,
    /// What an authenticator app shows, or a recovery code.
    code: Option<String>,
    /// What `toJSON()` of a passkey's credential gives, as text.
    passkey: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Action {
    SignIn,
    SecondFactor,
    Passkey,
    Keep,
    SignOut,
    Allow,
    Deny,
}

/// The page that asks a person, or the way back to the app.
#[utoipa::path(get, path = "/oauth/authorize", tag = "oauth", params(Asked), responses(
    (status = 200, description = "A page to sign in on, or to allow the app what it asks for", body = String, content_type = "text/html"),
    (status = 303, description = "Back to the app, with `code`, `state` and `iss`, or with `error`"),
    (status = 400, description = "A page: the app is not known, or may not be answered there", body = String, content_type = "text/html"),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Result<Response, Stop> {
    let request = request::read(&auth, &uri).await?;
    let visit = Visit::read(&auth, &headers).await?;
    let Some(person) = visit.person.as_ref().filter(|person| request.is_fresh_enough(person)) else {
        if request.without_asking {
            return Err(request.refuse("login_required", "nobody is signed in, or not recently enough"));
        }
        return Ok(sign_in::page(&auth, &request.goal()?, &visit)?);
    };
    let scopes = grants(&request, person)?;
    let before = consents::find(&auth.pool, person.account, &request.app.client_id).await?;
    if request.may_be_remembered() && before.is_some_and(|before| scopes.all_in(before)) {
        return give(&auth, &request, person, scopes, None).await;
    }
    if request.without_asking {
        return Err(request.refuse("consent_required", "the person has to be asked"));
    }
    Ok(pages::consent(&auth, &request, &visit, person, scopes)?)
}

/// What the person answered.
#[utoipa::path(post, path = "/oauth/authorize", tag = "oauth", params(Asked),
    request_body(content = Answer, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "Back to the app, or to the page that comes next"),
        (status = 400, description = "A page: the app is not known", body = String, content_type = "text/html"),
        (status = 403, description = "A page: the form is not ours, or stale", body = String, content_type = "text/html"),
    ))]
pub(crate) async fn submit(
    State(Auth(auth)): State<Auth>,
    OriginalUri(uri): OriginalUri,
    source: Source,
    user_agent: UserAgent,
    headers: HeaderMap,
    answer: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Stop> {
    let request = request::read(&auth, &uri).await?;
    let visit = Visit::read(&auth, &headers).await?;
    let answer = match answer {
        Ok(Form(answer)) if visit.has_sent(&auth, &headers, &answer.csrf) => answer,
        _ => {
            return Err(Stop::Page(StatusCode::FORBIDDEN, "This page has grown old, or was not ours. Go back to the app and begin again."));
        }
    };
    let Answer { action, csrf: _, handle, password, challenge, code, passkey } = answer;
    let entered = Entered { handle, password, challenge, code, passkey };
    let goal = request.goal()?;
    let door = Door { auth: &auth, goal: &goal, visit: &visit, source, user_agent };
    match (action, &visit.person) {
        (Action::SignIn, _) => door.by_password(entered).await,
        (Action::SecondFactor, _) => door.by_second_factor(entered).await,
        (Action::Passkey, _) => door.by_passkey(entered).await,
        (Action::Keep, _) => door.by_staying(entered).await,
        (Action::SignOut, Some(person)) => door.out(person).await,
        (Action::Deny, _) => Err(request.refuse("access_denied", "the person did not allow it")),
        (Action::Allow, Some(person)) => {
            let scopes = grants(&request, person)?;
            give(&auth, &request, person, scopes, Some(source)).await
        }
        (Action::SignOut | Action::Allow, None) => Ok(to(&request.again())),
    }
}

/// What of the request this person can grant.
fn grants(request: &Request, person: &Browser) -> Result<Scopes, Stop> {
    let mut scopes = grantable(request.scopes, &person.roles);
    if !request.app.may("refresh_token") {
        scopes = scopes.without(Scope::OfflineAccess);
    }
    match scopes.is_empty() {
        true => Err(request.refuse("invalid_scope", "the person cannot grant any of this")),
        false => Ok(scopes),
    }
}

/// Sends a person back to the app with a code. `asked` is where they were when they said yes just now, if they did.
async fn give(auth: &Inner, request: &Request, person: &Browser, scopes: Scopes, asked: Option<Source>) -> Result<Response, Stop> {
    let code = told_once::make("spac_")?;
    let client_id = &request.app.client_id;
    let mut tx = auth.pool.begin().await?;
    if let Some(source) = asked {
        consents::allow(&mut tx, person.account, client_id, scopes).await?;
        let details = json!({ "client_id": client_id, "scope": scopes.to_string() });
        security_events::insert(&mut tx, Kind::AppAllowed, Some(person.account), Some(&source), details).await?;
    }
    let new = NewCode {
        hash: &told_once::hash(&code),
        client_id,
        account: person.account,
        granted_in: person.session,
        redirect_uri: &request.redirect_uri,
        scope: &scopes.to_string(),
        challenge: &request.challenge,
        nonce: request.nonce.as_deref(),
    };
    codes::insert(&mut tx, &new).await?;
    apps::used(&mut tx, client_id).await?;
    sessions::used(&mut tx, person.session).await?;
    tx.commit().await?;
    Ok(to(&request.answer(&[("code", code.as_str())])))
}
