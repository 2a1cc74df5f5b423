//! The token endpoint.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::HeaderMap;
use contracts::{Scopes, UnknownScope};
use serde::Deserialize;
use serving::ProblemDocument;
use utoipa::ToSchema;

use super::refusal::{OAuthError, Refusal};
use super::{app_token, client, code, password, refresh};
use crate::Auth;
use crate::password::Password;
use crate::routes::tokens::Tokens;
use crate::source::Source;

/// The form of RFC 6749 and RFC 7636. Which of the others go with it depends on `grant_type`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// `authorization_code`, `refresh_token`, `client_credentials`, or `password` where an operator has turned it on.
    grant_type: String,
    /// Of the app, where it does not authenticate with the header `Authorization`.
    client_id: Option<String>,
    client_secret: Option<String>,
    /// As it came back from `/oauth/authorize`.
    pub(super) code: Option<String>,
    /// The one that the code was sent to.
    pub(super) redirect_uri: Option<String>,
    /// What the `code_challenge` is the hash of.
    pub(super) code_verifier: Option<String>,
    pub(super) refresh_token: Option<String>,
    /// Less than what was granted.
    pub(super) scope: Option<String>,
    pub(super) username: Option<String>,
    #[schema(value_type = Option<String>)]
    pub(super) password: Option<Password>,
}

/// Exchange a code, a refresh token or an app's own secret for tokens.
///
/// A refresh token that was used before, outside of the grace, was stolen by somebody: its whole session ends. So does
/// what a code gave that is used again. Whose it was is told by mail.
#[utoipa::path(post, path = "/oauth/token", tag = "oauth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Tokens),
        (status = 400, body = OAuthError),
        (status = 401, body = OAuthError),
        (status = 429, body = ProblemDocument, description = "Too many sessions of the person of late; see `Retry-After`"),
    ))]
pub(crate) async fn exchange(
    State(Auth(auth)): State<Auth>,
    source: Source,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Tokens, Refusal> {
    let Ok(Form(request)) = form else {
        let text = "send grant_type and its parameters, each once, as application/x-www-form-urlencoded";
        return Err(Refusal::new("invalid_request", text));
    };
    let app = client::identify(&auth, &headers, request.client_id.as_deref(), request.client_secret.as_deref()).await?;
    let grant_type = request.grant_type.clone();
    match (grant_type.as_str(), app) {
        ("refresh_token", app) => refresh::refresh(&auth, app, source, request).await,
        ("authorization_code", Some(app)) => code::redeem(&auth, app, source, request).await,
        ("client_credentials", Some(app)) => app_token::issue(&auth, app, request).await,
        ("password", Some(app)) if auth.password_grant => password::sign_in(&auth, app, source, request).await,
        ("authorization_code" | "client_credentials", None) => Err(Refusal::unknown_client()),
        ("password", None) if auth.password_grant => Err(Refusal::unknown_client()),
        _ => Err(Refusal::new(
            "unsupported_grant_type",
            "`grant_types_supported` in /.well-known/openid-configuration lists what is taken here",
        )),
    }
}

/// The scopes that are asked for; `all` where none are named. More than `most` is refused.
pub(super) fn asked(scope: Option<&str>, all: Scopes, most: Scopes) -> Result<Scopes, Refusal> {
    let Some(text) = scope.filter(|text| !text.trim().is_empty()) else { return Ok(all) };
    let asked: Scopes = text.parse().map_err(|error: UnknownScope| Refusal::new("invalid_scope", error.to_string()))?;
    match asked.all_in(most) {
        true => Ok(asked),
        false => Err(Refusal::new("invalid_scope", format!("this may ask for no more than `{most}`"))),
    }
}
