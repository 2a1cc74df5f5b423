//! The pages, as HTML.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serving::{Problem, Result};

use super::super::browser::Visit;
use super::super::html::{self, Rules, STYLE};
use crate::State;

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage<'a> {
    style: &'static str,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage<'a> {
    style: &'static str,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
    problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "done.html")]
struct DonePage<'a> {
    style: &'static str,
    title: &'a str,
    text: &'a str,
}

/// Asks whether the address is theirs.
pub(super) fn verify(auth: &State, visit: &Visit, code: &str, handle: &str) -> Result<Response> {
    let (here, csrf) = (format!("/oauth/links/verify?code={code}"), visit.token(auth));
    let page = VerifyPage { style: STYLE, host: auth.host(), here: &here, csrf: &csrf, handle };
    with_form(auth, visit, StatusCode::OK.into_response(), &page)
}

/// Asks for a new password; again, if the first one could not be chosen.
pub(super) fn reset(auth: &State, visit: &Visit, code: &str, handle: &str, problem: Option<Problem>) -> Result<Response> {
    let (here, csrf) = (format!("/oauth/links/reset?code={code}"), visit.token(auth));
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let page = ResetPage { style: STYLE, host: auth.host(), here: &here, csrf: &csrf, handle, problem: text.as_deref() };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    with_form(auth, visit, base, &page)
}

/// Says that it is done.
pub(super) fn done(title: &str, text: &str) -> Result<Response> {
    html::page(StatusCode::OK.into_response(), &DonePage { style: STYLE, title, text }, Rules::secret("'none'"))
}

fn with_form(auth: &State, visit: &Visit, base: Response, page: &impl Template) -> Result<Response> {
    let mut response = html::page(base, page, Rules::secret("'self'"))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}
