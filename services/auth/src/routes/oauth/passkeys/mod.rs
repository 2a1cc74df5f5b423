//! The page of one's passkeys, by the same rules as `/v1/accounts/me/passkeys`. Whoever is not signed in, signs in on it.
//!
//! ```text
//!   GET ─► nobody: they sign in (sign_in) ─► GET again
//!          somebody: their passkeys ─► POST: a name, or remove it ─► GET again
//!                                   └► POST: the password ─► a page that makes one ─► POST ─► GET again, or recovery codes
//! ```

mod pages;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serving::Problem;
use utoipa::ToSchema;

use super::browser::Visit;
use super::goal::Goal;
use super::html::{Stop, to};
use super::sign_in::{self, Door, Entered};
use crate::attempts::InSession;
use crate::password::Password;
use crate::routes::passkeys::changes;
use crate::second_factor::Showing;
use crate::source::Source;
use crate::store::browsers::Browser;
use crate::store::{passkeys, second_factors};
use crate::user_agent::UserAgent;
use crate::{Auth, State as Inner};

/// Seconds in which whoever has signed in has shown their second factor just now.
const JUST_NOW: i64 = 300;

/// What a person did on the page of their passkeys, or on those on which they sign in before.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasskeysForm {
    action: PasskeysAction,
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
    /// Which of them is meant.
    #[schema(value_type = Option<String>)]
    id: Option<i64>,
    /// How to call it: 1 to 100 characters.
    name: Option<String>,
    /// What `toJSON()` of a new credential gives, as text.
    credential: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PasskeysAction {
    SignIn,
    SecondFactor,
    Passkey,
    Keep,
    SignOut,
    Ask,
    Add,
    Rename,
    Remove,
}

/// The page of one's passkeys. The query is that of `/oauth/authorize`, to which it leads back, or empty.
#[utoipa::path(get, path = "/oauth/passkeys", tag = "oauth", responses(
    (status = 200, description = "A page with one's passkeys, or one to sign in on before", body = String, content_type = "text/html"),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Result<Response, Stop> {
    let visit = Visit::read(&auth, &headers).await?;
    Ok(page(&auth, &Goal::passkeys(&auth, &uri), &visit, None).await?)
}

/// Sign in, or add, name or remove a passkey. To add and to remove takes the password and, where there is a second factor, to
/// have signed in within five minutes.
#[utoipa::path(post, path = "/oauth/passkeys", tag = "oauth",
    request_body(content = PasskeysForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page that makes a passkey, or says recovery codes once", body = String, content_type = "text/html"),
        (status = 303, description = "Done: back to the page"),
        (status = 401, description = "The page to sign in on again", body = String, content_type = "text/html"),
        (status = 403, description = "A page: the form is not ours, or stale", body = String, content_type = "text/html"),
        (status = 409, description = "The page again: there can be no more passkeys, or the password is too short to be all that protects",
            body = String, content_type = "text/html"),
        (status = 422, description = "The page again: a wrong password, or a name that is none", body = String, content_type = "text/html"),
        (status = 429, description = "The page again: too many wrong passwords of late", body = String, content_type = "text/html"),
    ))]
pub(crate) async fn submit(
    State(Auth(auth)): State<Auth>,
    OriginalUri(uri): OriginalUri,
    source: Source,
    user_agent: UserAgent,
    headers: HeaderMap,
    form: Result<Form<PasskeysForm>, FormRejection>,
) -> Result<Response, Stop> {
    let visit = Visit::read(&auth, &headers).await?;
    let form = match form {
        Ok(Form(form)) if visit.has_sent(&auth, &headers, &form.csrf) => form,
        _ => return Err(Stop::Page(StatusCode::FORBIDDEN, "This page has grown old, or was not ours. Open it once more.")),
    };
    let goal = Goal::passkeys(&auth, &uri);
    let PasskeysForm { action, csrf: _, handle, password, challenge, code, passkey, id, name, credential } = form;
    let entered = Entered { handle, password, challenge, code, passkey };
    let (id, name) = (id.unwrap_or_default(), name.unwrap_or_default());
    let door = Door { auth: &auth, goal: &goal, visit: &visit, source, user_agent };
    let done = match (action, &visit.person) {
        (PasskeysAction::SignIn, _) => return door.by_password(entered).await,
        (PasskeysAction::SecondFactor, _) => return door.by_second_factor(entered).await,
        (PasskeysAction::Passkey, _) => return door.by_passkey(entered).await,
        (PasskeysAction::Keep, _) => return door.by_staying(entered).await,
        (_, None) => return Ok(to(&goal.again)),
        (PasskeysAction::SignOut, Some(person)) => return door.out(person).await,
        (PasskeysAction::Ask | PasskeysAction::Remove, Some(person)) if shows_too_little(&auth, person).await? => {
            let text = "Sign in once more, so that nobody changes your passkeys but you. Then do it again.";
            return door.once_more(&person.handle, Problem::unauthorized(text));
        }
        (PasskeysAction::Ask, Some(person)) => ask(&auth, &goal, &visit, person, &name, entered.password, &source).await,
        (PasskeysAction::Add, Some(person)) => add(&auth, &goal, person, &name, credential, &source).await,
        (PasskeysAction::Rename, Some(person)) => changes::rename(&auth, person.account, id, &name).await.map(|_| to(&goal.again)),
        (PasskeysAction::Remove, Some(person)) => remove(&auth, &goal, person, id, entered.password, &source).await,
    };
    match done {
        // It is not there any more, as the page says from now on.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(to(&goal.again)),
        Err(problem) => Ok(page(&auth, &goal, &visit, Some(problem)).await?),
        Ok(response) => Ok(response),
    }
}

/// The passkeys of whoever is signed in, with what went wrong; for nobody, the page to sign in on.
async fn page(auth: &Inner, goal: &Goal, visit: &Visit, problem: Option<Problem>) -> serving::Result<Response> {
    let Some(person) = &visit.person else { return sign_in::page(auth, goal, visit) };
    let passkeys = passkeys::all(&auth.pool, person.account).await?;
    pages::list(auth, goal, visit, person, passkeys, problem)
}

/// Has somebody a second factor, and did not sign in just now? The session in their browser may be stolen.
async fn shows_too_little(auth: &Inner, person: &Browser) -> serving::Result<bool> {
    Ok(person.age > JUST_NOW && second_factors::of(&auth.pool, person.account).await?.on())
}

/// Begins to add one: its name is looked at before the password is.
async fn ask(
    auth: &Inner,
    goal: &Goal,
    visit: &Visit,
    person: &Browser,
    name: &str,
    password: Option<Password>,
    source: &Source,
) -> serving::Result<Response> {
    let name = changes::read_name(name)?;
    let asked = changes::ask(auth, InSession::from(person), &person.handle, needed(password)?, Showing::SignedIn, source).await?;
    pages::make(auth, goal, visit, name, &asked.options)
}

/// Adds the one that was made. Whoever had no second factor is told recovery codes.
async fn add(
    auth: &Inner,
    goal: &Goal,
    person: &Browser,
    name: &str,
    credential: Option<String>,
    source: &Source,
) -> serving::Result<Response> {
    let credential = sign_in::read(&credential.unwrap_or_default());
    let added = changes::add(auth, person.account, name, &credential, source).await?;
    match added.recovery_codes {
        Some(codes) => pages::codes(goal, codes),
        None => Ok(to(&goal.again)),
    }
}

async fn remove(
    auth: &Inner,
    goal: &Goal,
    person: &Browser,
    id: i64,
    password: Option<Password>,
    source: &Source,
) -> serving::Result<Response> {
    changes::remove(auth, InSession::from(person), id, needed(password)?, Showing::SignedIn, source).await?;
    Ok(to(&goal.again))
}

fn needed(password: Option<Password>) -> serving::Result<Password> {
    password.ok_or_else(|| Problem::unprocessable("Enter your password."))
}
