//! The page for whoever has forgotten a password: it asks for the letter that a route of the API asks for, too.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serving::Problem;
use utoipa::ToSchema;

use super::browser::Visit;
use super::goal;
use super::html::{self, Rules, STYLE, Stop};
use crate::routes::passwords;
use crate::source::Source;
use crate::{Auth, State as Inner};

/// Who has forgotten a password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ForgottenForm {
    /// Proves that the form is ours.
    csrf: String,
    /// The handle, or the verified address of the account.
    whose: String,
}

#[derive(Template)]
#[template(path = "forgotten.html")]
struct ForgottenPage<'a> {
    style: &'static str,
    here: &'a str,
    csrf: &'a str,
    problem: Option<&'a str>,
    /// Can a letter be sent?
    mail: bool,
    /// Where they came from.
    back: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage<'a> {
    style: &'static str,
    host: &'a str,
    back: Option<&'a str>,
}

/// The page to ask for a new password on. The query is that of `/oauth/authorize`, to which it leads back, or empty.
#[utoipa::path(get, path = "/oauth/forgotten", tag = "oauth", responses(
    (status = 200, description = "A page to ask for a letter on", body = String, content_type = "text/html"),
    (status = 409, description = "A page: the platform sends no mail", body = String, content_type = "text/html"),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Result<Response, Stop> {
    let visit = Visit::read(&auth, &headers).await?;
    Ok(page(&auth, &visit, &uri, auth.post.needed().err())?)
}

/// Ask for a link to a new password, by handle or by address. The answer is the same whether it is somebody's or not.
#[utoipa::path(post, path = "/oauth/forgotten", tag = "oauth",
    request_body(content = ForgottenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: if it is somebody's, a letter is on its way", body = String, content_type = "text/html"),
        (status = 403, description = "A page: the form is not ours, or stale", body = String, content_type = "text/html"),
        (status = 409, description = "A page: the platform sends no mail", body = String, content_type = "text/html"),
        (status = 422, description = "The page again: nobody could have this handle or address", body = String, content_type = "text/html"),
        (status = 429, description = "The page again: too many letters of late; see `Retry-After`", body = String, content_type = "text/html"),
    ))]
pub(crate) async fn submit(
    State(Auth(auth)): State<Auth>,
    OriginalUri(uri): OriginalUri,
    source: Source,
    headers: HeaderMap,
    form: Result<Form<ForgottenForm>, FormRejection>,
) -> Result<Response, Stop> {
    let visit = Visit::read(&auth, &headers).await?;
    let whose = match form {
        Ok(Form(ForgottenForm { csrf, whose })) if visit.has_sent(&auth, &headers, &csrf) => whose,
        _ => return Err(Stop::Page(StatusCode::FORBIDDEN, "This page has grown old, or was not ours. Open it once more.")),
    };
    match passwords::ask_by_either(&auth, &whose, &source).await {
        Ok(()) => Ok(sent(&auth, &uri)?),
        Err(problem) => Ok(page(&auth, &visit, &uri, Some(problem))?),
    }
}

/// The page to ask on; again, with what went wrong. Where no letter can be sent, nothing is asked.
fn page(auth: &Inner, visit: &Visit, uri: &Uri, problem: Option<Problem>) -> serving::Result<Response> {
    let query = goal::asked(uri);
    let (here, csrf, back) = (goal::forgotten(query), visit.token(auth), goal::back(query));
    let text = problem.as_ref().map(|problem| problem.detail().to_owned());
    let page = ForgottenPage {
        style: STYLE,
        here: &here,
        csrf: &csrf,
        problem: text.as_deref(),
        mail: auth.post.needed().is_ok(),
        back: back.as_deref(),
    };
    // What it says besides, such as when to try again, holds for the page, too.
    let base = problem.map_or_else(|| StatusCode::OK.into_response(), IntoResponse::into_response);
    let mut response = html::page(base, &page, Rules::usual("'self'"))?;
    response.headers_mut().extend(visit.cookie(auth).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The page that says what happens now, if anything does.
fn sent(auth: &Inner, uri: &Uri) -> serving::Result<Response> {
    let back = goal::back(goal::asked(uri));
    let page = SentPage { style: STYLE, host: auth.host(), back: back.as_deref() };
    html::page(StatusCode::OK.into_response(), &page, Rules::usual("'none'"))
}
