//! The page that asks, as HTML.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::{Scope, Scopes};
use serving::Result;

use super::super::browser::Visit;
use super::super::goal;
use super::super::html::{self, Rules, STYLE};
use super::request::Request;
use crate::State;
use crate::second_factor::passkeys::Platform;
use crate::store::browsers::Browser;

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
    /// Where one's passkeys are, if there can be any.
    passkeys: Option<&'a str>,
}

/// The page that asks whether an app may.
pub(super) fn consent(auth: &State, request: &Request, visit: &Visit, person: &Browser, scopes: Scopes) -> Result<Response> {
    let goal = request.goal()?;
    let (csrf, passkeys) = (visit.token(auth), goal::passkeys(&goal.query));
    let page = ConsentPage {
        style: STYLE,
        app: &request.app.name,
        website: request.app.website.as_deref(),
        host: &goal.host,
        here: &goal.here,
        csrf: &csrf,
        handle: &person.handle,
        allowed: scopes.iter().map(words).collect(),
        passkeys: Platform::of(&auth.issuer).is_ok().then_some(passkeys.as_str()),
    };
    let mut response = html::page(StatusCode::OK.into_response(), &page, Rules::usual(&goal.form_action))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
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
