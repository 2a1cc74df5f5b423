//! The pages, as HTML.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::Value;
use serving::{Problem, Result};

use super::super::browser::Visit;
use super::super::goal::{self, Goal};
use super::super::html::{self, Rules, STYLE, Script};
use crate::State;
use crate::second_factor::passkeys::Platform;
use crate::store::browsers::Browser;
use crate::store::passkeys::Listed;

#[derive(Template)]
#[template(path = "passkeys.html")]
struct PasskeysPage<'a> {
    style: &'static str,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
    problem: Option<&'a str>,
    passkeys: Vec<Shown>,
    /// Why none can be added.
    cannot: Option<&'a str>,
    /// Where they came from.
    back: Option<&'a str>,
}

/// One of theirs.
struct Shown {
    id: i64,
    name: String,
    added: String,
    used: Option<String>,
}

impl From<Listed> for Shown {
    fn from(Listed { id, name, created_at, used_at }: Listed) -> Self {
        Self { id, name, added: day(created_at), used: used_at.map(|at| day(at.to_jiff())) }
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

#[derive(Template)]
#[template(path = "new_passkey.html")]
struct NewPasskeyPage<'a> {
    style: &'static str,
    here: &'a str,
    csrf: &'a str,
    name: &'a str,
    /// What the authenticator is asked, as JSON.
    options: &'a str,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage<'a> {
    style: &'static str,
    here: &'a str,
    codes: Vec<String>,
}

/// Somebody's passkeys, with what went wrong.
pub(super) fn list(
    auth: &State,
    goal: &Goal,
    visit: &Visit,
    person: &Browser,
    passkeys: Vec<Listed>,
    problem: Option<Problem>,
) -> Result<Response> {
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let cannot = Platform::of(&auth.issuer).err().map(|problem| problem.detail().to_owned());
    let (csrf, back) = (visit.token(auth), goal::back(&goal.query));
    let page = PasskeysPage {
        style: STYLE,
        host: &goal.host,
        here: &goal.here,
        csrf: &csrf,
        handle: &person.handle,
        problem: text.as_deref(),
        passkeys: passkeys.into_iter().map(Shown::from).collect(),
        cannot: cannot.as_deref(),
        back: back.as_deref(),
    };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    let mut response = html::page(base, &page, Rules::usual(&goal.form_action))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The page whose script makes a passkey.
pub(super) fn make(auth: &State, goal: &Goal, visit: &Visit, name: &str, options: &Value) -> Result<Response> {
    let (csrf, options) = (visit.token(auth), options.to_string());
    let script = Script::MakePasskey;
    let page = NewPasskeyPage { style: STYLE, here: &goal.here, csrf: &csrf, name, options: &options, script: script.text() };
    html::page(StatusCode::OK.into_response(), &page, Rules::usual(&goal.form_action).with_script(Some(script)))
}

/// The recovery codes that came with the first passkey. They are told this once.
pub(super) fn codes(goal: &Goal, codes: Vec<String>) -> Result<Response> {
    let page = RecoveryCodesPage { style: STYLE, here: &goal.here, codes };
    html::page(StatusCode::OK.into_response(), &page, Rules::usual("'none'"))
}
