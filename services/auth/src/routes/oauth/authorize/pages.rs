//! The pages, as HTML.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contracts::{Scope, Scopes};
use serving::{Problem, Result};

use super::super::redirect_uri;
use super::browser::Visit;
use super::request::Request;
use crate::State;
use crate::store::browsers::Browser;

const STYLE: &str = include_str!("../../../../templates/style.css");

/// What a policy has to name for the style to apply.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| format!("'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))));

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

#[derive(Template)]
#[template(path = "stopped.html")]
struct StoppedPage<'a> {
    style: &'static str,
    text: &'a str,
}

/// Why there is no page to answer on.
pub(crate) enum Stop {
    /// A page that says why. Nothing goes to an app that is not known.
    Page(StatusCode, &'static str),
    /// Back to the app, which is told.
    Back(String),
    /// A failure of ours.
    Failed(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Page(status, text) => {
                let page = StoppedPage { style: STYLE, text };
                html(status.into_response(), &page, "'none'").unwrap_or_else(IntoResponse::into_response)
            }
            Self::Back(address) => super::to(&address),
            Self::Failed(problem) => {
                let text = problem.detail().to_owned();
                let page = StoppedPage { style: STYLE, text: &text };
                html(problem.into_response(), &page, "'none'").unwrap_or_else(IntoResponse::into_response)
            }
        }
    }
}

/// The page to sign in on; again, if it went wrong the first time.
pub(super) fn sign_in(auth: &State, request: &Request, visit: &Visit, tried: Option<(&str, Problem)>) -> Result<Response> {
    let (host, target) = target(request)?;
    let (handle, problem) = tried.map_or(("", None), |(handle, problem)| (handle, Some(problem)));
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let (here, csrf) = (request.here(), visit.token(auth));
    let page = SignInPage { style: STYLE, app: &request.app.name, host: &host, here: &here, csrf: &csrf, handle, problem: text.as_deref() };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    let mut response = html(base, &page, &target)?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The page to give the second factor on; again, if it was wrong.
pub(super) fn second_factor(auth: &State, request: &Request, visit: &Visit, challenge: &str, problem: Option<Problem>) -> Result<Response> {
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
    };
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    html(base, &page, &target)
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
    let mut response = html(StatusCode::OK.into_response(), &page, &target)?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The host that a person comes back to, and where forms may lead: here, and from here to the app.
fn target(request: &Request) -> Result<(String, String)> {
    let (host, source) =
        redirect_uri::host_and_source(&request.redirect_uri).ok_or_else(|| Problem::internal("a checked address is none"))?;
    Ok((host, format!("'self' {source}")))
}

/// Puts a page in the place of a response's body.
fn html(base: Response, page: &impl Template, form_action: &str) -> Result<Response> {
    let body = page.render().map_err(Problem::internal)?;
    let (mut parts, _) = base.into_parts();
    let policy = format!(
        "default-src 'none'; style-src {}; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'",
        STYLE_SOURCE.as_str()
    );
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).map_err(Problem::internal)?);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.remove(header::CONTENT_LENGTH);
    // Without any referrer a browser would say `Origin: null` even to ourselves.
    parts.headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(Response::from_parts(parts, body.into()))
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
