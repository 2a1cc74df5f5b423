//! The pages, as HTML.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serving::{Problem, Result};

use super::super::browser::Visit;
use super::super::goal::{self, Goal};
use super::super::html::{self, Rules, STYLE, Script};
use crate::State;
use crate::keeping::Leaving;
use crate::second_factor::passkeys::Platform;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    style: &'static str,
    app: Option<&'a str>,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
    problem: Option<&'a str>,
    /// Where a new password is asked for.
    forgotten: &'a str,
    /// Where one's passkeys are, if that is not what somebody signs in for.
    passkeys: Option<&'a str>,
    /// Where somebody came from who does not go on to an app.
    back: Option<&'a str>,
    /// May a passkey be used here?
    passkey: bool,
    script: &'static str,
    platform: &'a str,
    rules: &'a [String],
    /// Whom to turn to.
    contact: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage<'a> {
    style: &'static str,
    app: Option<&'a str>,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    challenge: &'a str,
    problem: Option<&'a str>,
    /// May a passkey be used here?
    passkey: bool,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "leaving.html")]
struct LeavingPage<'a> {
    style: &'static str,
    app: Option<&'a str>,
    platform: &'a str,
    here: &'a str,
    csrf: &'a str,
    challenge: &'a str,
    erase_at: &'a str,
}

/// The page to sign in on; again, if it went wrong the first time.
pub(super) fn sign_in(auth: &State, goal: &Goal, visit: &Visit, tried: Option<(&str, Problem)>) -> Result<Response> {
    let (handle, problem) = tried.map_or(("", None), |(handle, problem)| (handle, Some(problem)));
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let passkey = Platform::of(&auth.issuer).is_ok();
    let (csrf, forgotten, passkeys) = (visit.token(auth), goal::forgotten(&goal.query), goal::passkeys(&goal.query));
    let back = goal::back(&goal.query).filter(|_| goal.app.is_none());
    let page = SignInPage {
        style: STYLE,
        app: goal.app.as_deref(),
        host: &goal.host,
        here: &goal.here,
        csrf: &csrf,
        handle,
        problem: text.as_deref(),
        forgotten: &forgotten,
        passkeys: (passkey && goal.app.is_some()).then_some(passkeys.as_str()),
        back: back.as_deref(),
        passkey,
        script: Script::ShowPasskey.text(),
        platform: auth.host(),
        rules: &auth.moderation.moderation_rules,
        contact: auth.moderation.moderation_contact.as_deref(),
    };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    let mut response = html::page(base, &page, rules(goal, passkey))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The page to give the second factor on; again, if it was wrong. `passkey`: they have one.
pub(super) fn second_factor(
    auth: &State,
    goal: &Goal,
    visit: &Visit,
    challenge: &str,
    passkey: bool,
    problem: Option<Problem>,
) -> Result<Response> {
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let csrf = visit.token(auth);
    let page = SecondFactorPage {
        style: STYLE,
        app: goal.app.as_deref(),
        host: &goal.host,
        here: &goal.here,
        csrf: &csrf,
        challenge,
        problem: text.as_deref(),
        passkey,
        script: Script::ShowPasskey.text(),
    };
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    html::page(base, &page, rules(goal, passkey))
}

/// The page that asks whether somebody who leaves stays.
pub(super) fn leaving(auth: &State, goal: &Goal, visit: &Visit, leaving: &Leaving) -> Result<Response> {
    let csrf = visit.token(auth);
    let erase_at = leaving.erase_at.strftime("%-d %B %Y at %H:%M UTC").to_string();
    let page = LeavingPage {
        style: STYLE,
        app: goal.app.as_deref(),
        platform: auth.host(),
        here: &goal.here,
        csrf: &csrf,
        challenge: &leaving.challenge,
        erase_at: &erase_at,
    };
    html::page(StatusCode::OK.into_response(), &page, rules(goal, false))
}

fn rules(goal: &Goal, passkey: bool) -> Rules<'_> {
    Rules::usual(&goal.form_action).with_script(passkey.then_some(Script::ShowPasskey))
}
