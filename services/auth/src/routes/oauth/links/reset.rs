//! Choosing a new password.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serving::{Problem, Query};
use utoipa::ToSchema;

use super::super::browser::{self, Visit};
use super::super::html::Stop;
use super::{Ending, pages};
use crate::Auth;
use crate::password::Password;
use crate::routes::passwords;
use crate::source::Source;
use crate::store::links::Purpose;

/// The new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordForm {
    /// Proves that the form is ours.
    csrf: String,
    /// 15 characters or more, with a second factor 8, of any kind; none of those that are guessed first.
    #[schema(value_type = String)]
    password: Password,
    /// The same, so that nobody chooses what they did not mean to type.
    #[schema(value_type = String)]
    again: Password,
}

/// The page behind the link in a letter with which somebody chooses a new password. Opening it changes nothing.
#[utoipa::path(get, path = "/oauth/links/reset", tag = "oauth", params(Ending), responses(
    (status = 200, description = "A page to choose a password on", body = String, content_type = "text/html"),
    (status = 404, description = "A page: the link is not good, or not any more", body = String, content_type = "text/html"),
))]
pub(crate) async fn show(
    State(Auth(auth)): State<Auth>,
    headers: HeaderMap,
    Query(Ending { code }): Query<Ending>,
) -> Result<Response, Stop> {
    let account = super::owner(&auth, &code, Purpose::PasswordReset).await?;
    let visit = Visit::read(&auth, &headers).await?;
    Ok(pages::reset(&auth, &visit, &code, &account.handle, None)?)
}

/// Choose the new password. Each link is good once. Every session ends.
#[utoipa::path(post, path = "/oauth/links/reset", tag = "oauth", params(Ending),
    request_body(content = PasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: the new password counts", body = String, content_type = "text/html"),
        (status = 403, description = "A page: the form is not ours, or stale", body = String, content_type = "text/html"),
        (status = 404, description = "A page: the link is not good, or not any more", body = String, content_type = "text/html"),
        (status = 422, description = "The page again: this password cannot be chosen", body = String, content_type = "text/html"),
    ))]
pub(crate) async fn submit(
    State(Auth(auth)): State<Auth>,
    source: Source,
    headers: HeaderMap,
    Query(Ending { code }): Query<Ending>,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Result<Response, Stop> {
    let Form(PasswordForm { csrf, password, again }) = form.map_err(|_| super::stale())?;
    let visit = Visit::read(&auth, &headers).await?;
    super::check(&auth, &headers, &visit, &csrf)?;
    let account = super::owner(&auth, &code, Purpose::PasswordReset).await?;
    let chosen = match password.expose() == again.expose() {
        true => passwords::choose(&auth, &code, password, &source).await,
        false => Err(Problem::unprocessable("You typed two different passwords. Type the same one twice.")),
    };
    match chosen {
        Ok(reset) => {
            let text = format!("The new password of @{} counts, and every session has ended. Sign in with it in your app.", reset.handle);
            let mut response = pages::done("You have a new password", &text)?;
            response.headers_mut().append(header::SET_COOKIE, browser::remember_device(&auth, &reset.device));
            Ok(response)
        }
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Err(super::over(Purpose::PasswordReset)),
        Err(problem) => Ok(pages::reset(&auth, &visit, &code, &account.handle, Some(problem))?),
    }
}
