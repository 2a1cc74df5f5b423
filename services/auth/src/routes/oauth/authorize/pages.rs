//! The pages, as HTML.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::{Scope, Scopes};
use serving::{Problem, Result};

use super::super::browser::Visit;
use super::super::html::{self, Rules, SCRIPT, STYLE};
use super::super::redirect_uri;
use super::request::Request;
use crate::State;
use crate::second_factor::passkeys::Platform;
use crate::store::browsers::Browser;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    style: &'static str,
    app: &'a str,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
    problem: Option<&'a str>,
    /// May a passkey be used here?
    passkey: bool,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage<'a> {
    style: &'static str,
    app: &'a str,
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
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    style: &'static str,
    app: &'a str,
    website: Option<&'a str>,
    host: &'a str,
    here: &'a str,
    csrf: &'a str,
    handle: &'a str,
    allowed: Vec<&'static str>,
}

/// The page to sign in on; again, if it went wrong the first time.
pub(super) fn sign_in(auth: &State, request: &Request, visit: &Visit, tried: Option<(&str, Problem)>) -> Result<Response> {
    let (host, target) = target(request)?;
    let (handle, problem) = tried.map_or(("", None), |(handle, problem)| (handle, Some(problem)));
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let (here, csrf) = (request.here(), visit.token(auth));
    let passkey = Platform::of(&auth.issuer).is_ok();
    let page = SignInPage {
        style: STYLE,
        app: &request.app.name,
        host: &host,
        here: &here,
        csrf: &csrf,
        handle,
        problem: text.as_deref(),
        passkey,
        script: SCRIPT,
    };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    let mut response = html::page(base, &page, Rules::usual(&target).with_passkey(passkey))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The page to give the second factor on; again, if it was wrong. `passkey`: they have one.
pub(super) fn second_factor(
    auth: &State,
    request: &Request,
    visit: &Visit,
    challenge: &str,
    passkey: bool,
    problem: Option<Problem>,
) -> Result<Response> {
    let (host, target) = target(request)?;
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let (here, csrf) = (request.here(), visit.token(auth));
    let page = SecondFactorPage {
        style: STYLE,
        app: &request.app.name,
        host: &host,
        here: &here,
        csrf: &csrf,
        challenge,
        problem: text.as_deref(),
        passkey,
        script: SCRIPT,
    };
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    html::page(base, &page, Rules::usual(&target).with_passkey(passkey))
}

/// The page that asks whether an app may.
pub(super) fn consent(auth: &State, request: &Request, visit: &Visit, person: &Browser, scopes: Scopes) -> Result<Response> {
    let (host, target) = target(request)?;
    let (here, csrf) = (request.here(), visit.token(auth));
    let page = ConsentPage {
        style: STYLE,
        app: &request.app.name,
        website: request.app.website.as_deref(),
        host: &host,
        here: &here,
        csrf: &csrf,
        handle: &person.handle,
        allowed: scopes.iter().map(words).collect(),
    };
    let mut response = html::page(StatusCode::OK.into_response(), &page, Rules::usual(&target))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The host that a person comes back to, and where forms may lead: here, and from here to the app.
fn target(request: &Request) -> Result<(String, String)> {
    let (host, source) =
        redirect_uri::host_and_source(&request.redirect_uri).ok_or_else(|| Problem::internal("a checked address is none"))?;
    Ok((host, format!("'self' {source}")))
}

/// What a scope means, to whoever grants it.
fn words(scope: Scope) -> &'static str {
    match scope {
        Scope::AccountsRead => "see your account, its sessions and its apps",
        Scope::AccountsWrite => "change your account, end its sessions and remove apps",
        Scope::ProfilesRead => "see profiles as you see them",
        Scope::ProfilesWrite => "change your profile",
        Scope::PostsRead => "read posts and timelines as you see them, those for followers and friends too",
        Scope::PostsWrite => "post, comment, react and delete in your name",
        Scope::NotificationsRead => "see your notifications",
        Scope::NotificationsWrite => "mark your notifications as read",
        Scope::PhotosRead => "see photos as you see them, your private ones too",
        Scope::PhotosWrite => "upload, change and delete your photos",
        Scope::RelationsRead => "see whom you follow and block",
        Scope::RelationsWrite => "follow, unfollow and block in your name",
        Scope::AdminRead => "see what only administrators see",
        Scope::AdminWrite => "do what only administrators do: suspend and restore accounts",
        Scope::OpenId => "know that it is you",
        Scope::Profile => "know your handle",
        Scope::Email => "know your e-mail address",
        Scope::OfflineAccess => "go on until you end it, also while you are away",
    }
}
