//! Signing in and out on the page.

use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use serving::Problem;

use super::super::browser::{self, Visit};
use super::super::html::{Stop, to};
use super::request::Request;
use super::{Answer, pages};
use crate::State as Inner;
use crate::second_factor::{self, Given, Method, Shown};
use crate::sign_in::{self, Attempt, Proof, Proved};
use crate::source::Source;
use crate::store::browsers::Browser;
use crate::store::security_events::{self, Kind};
use crate::store::sessions;
use crate::user_agent::UserAgent;

/// With a handle and a password; where those are not enough, the page for the second factor comes next.
pub(super) async fn by_password(
    auth: &Inner,
    request: &Request,
    visit: &Visit,
    answer: Answer,
    source: Source,
    UserAgent(user_agent): UserAgent,
) -> Result<Response, Stop> {
    let handle = answer.handle.unwrap_or_default();
    let Some(password) = answer.password else {
        return Ok(pages::sign_in(auth, request, visit, Some((&handle, Problem::bad_request("Enter your handle and your password."))))?);
    };
    let attempt = Attempt { handle: &handle, password, device: visit.device.as_deref(), source };
    match sign_in::prove(auth, attempt).await {
        Ok(Proved::Enough(proof)) => enter(auth, request, visit, &handle, proof, user_agent).await,
        Ok(Proved::Half(half)) => {
            let challenge = second_factor::ask(auth, half).await?;
            let passkey = challenge.methods.contains(&Method::Passkey);
            Ok(pages::second_factor(auth, request, visit, &challenge.token, passkey, None)?)
        }
        Err(problem) => Ok(pages::sign_in(auth, request, visit, Some((&handle, problem)))?),
    }
}

/// With a code or a passkey, after the password.
pub(super) async fn by_second_factor(
    auth: &Inner,
    request: &Request,
    visit: &Visit,
    answer: Answer,
    source: Source,
    UserAgent(user_agent): UserAgent,
) -> Result<Response, Stop> {
    let challenge = answer.challenge.unwrap_or_default();
    let shown = match answer.passkey {
        Some(passkey) => Shown::Passkey(read(&passkey)),
        None => Shown::typed(answer.code.unwrap_or_default()),
    };
    let given = Given { challenge: &challenge, shown, device: visit.device.as_deref(), source };
    match second_factor::prove(auth, given).await {
        Ok(proof) => enter(auth, request, visit, "", proof, user_agent).await,
        // Nothing more can be tried with this challenge.
        Err(problem) if problem.status() == StatusCode::CONFLICT => Ok(pages::sign_in(auth, request, visit, Some(("", problem)))?),
        Err(problem) => {
            let passkey = second_factor::takes_passkey(auth, &challenge).await?;
            Ok(pages::second_factor(auth, request, visit, &challenge, passkey, Some(problem))?)
        }
    }
}

/// With a passkey, and nothing else.
pub(super) async fn by_passkey(
    auth: &Inner,
    request: &Request,
    visit: &Visit,
    answer: Answer,
    source: Source,
    UserAgent(user_agent): UserAgent,
) -> Result<Response, Stop> {
    let passkey = read(&answer.passkey.unwrap_or_default());
    match second_factor::prove_by_passkey(auth, &passkey, visit.device.as_deref(), source).await {
        Ok(proof) => enter(auth, request, visit, "", proof, user_agent).await,
        Err(problem) => Ok(pages::sign_in(auth, request, visit, Some(("", problem)))?),
    }
}

/// What the script put into the form. What is no JSON is nothing, and proves as much.
fn read(passkey: &str) -> Value {
    serde_json::from_str(passkey).unwrap_or_default()
}

/// Begins a session, and leads back to the page that they were on; to the page to sign in on, if they may not.
async fn enter(
    auth: &Inner,
    request: &Request,
    visit: &Visit,
    handle: &str,
    proof: Proof,
    user_agent: Option<String>,
) -> Result<Response, Stop> {
    let begun = match sign_in::begin(auth, proof, user_agent.as_deref()).await {
        Ok(begun) => begun,
        Err(problem) => return Ok(pages::sign_in(auth, request, visit, Some((handle, problem)))?),
    };
    let mut response = to(&request.again());
    for cookie in browser::remember(auth, &begun) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the browser's session, and asks who they are.
pub(super) async fn out(auth: &Inner, request: &Request, person: &Browser, source: Source) -> Result<Response, Stop> {
    let mut tx = auth.pool.begin().await?;
    sessions::end(&mut tx, person.session).await?;
    security_events::insert(&mut tx, Kind::SignedOut, Some(person.account), Some(&source), json!({ "session": person.session })).await?;
    tx.commit().await?;
    let mut response = to(&request.again());
    response.headers_mut().append(header::SET_COOKIE, browser::forget(auth));
    Ok(response)
}
