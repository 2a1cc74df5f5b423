//! Dynamic registration (RFC 7591): an app says who it is and gets an id.

use aws_lc_rs::rand;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::Scopes;
use serde::{Deserialize, Serialize};
use serving::{Json, Problem, ProblemDocument};
use utoipa::ToSchema;

use super::redirect_uri;
use super::refusal::{OAuthError, Refusal};
use crate::attempts::Kind as Tried;
use crate::source::Source;
use crate::store::apps::{self, App};
use crate::{Auth, told_once};

/// What an app tells about itself. What is not known here is passed over, as RFC 7591 wants it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Registration {
    /// Where people come back to: up to ten addresses with https, or with http on their own machine (any port).
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Shown to people who are asked: at most 100 characters.
    client_name: String,
    /// Shown to them, too.
    client_uri: Option<String>,
    /// The most it will ask for; what visitors see, unless said.
    scope: Option<String>,
    /// `client_secret_basic` unless said, `client_secret_post`, or `none` for an app that cannot keep a secret.
    token_endpoint_auth_method: Option<String>,
    /// `authorization_code` unless said, `refresh_token`, `client_credentials`, and `password` where it is turned on.
    grant_types: Option<Vec<String>>,
    /// `code`
    response_types: Option<Vec<String>>,
}

/// A registered app. The secret is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registered {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u8>,
    /// Unix seconds.
    client_id_issued_at: i64,
    client_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
    redirect_uris: Vec<String>,
    scope: String,
    token_endpoint_auth_method: String,
    grant_types: Vec<String>,
    response_types: Vec<&'static str>,
}

fn refused(text: impl Into<String>) -> Refusal {
    Refusal::new("invalid_client_metadata", text)
}

/// Characters that turn around or hide what stands next to them: a name could look like another one.
fn deceives(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl Registration {
    fn check(self, password_grant: bool) -> Result<App, Refusal> {
        let name = self.client_name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(deceives) {
            return Err(refused("client_name: 1 to 100 visible characters"));
        }
        let website = self.client_uri;
        if website.as_ref().is_some_and(|uri| !uri.starts_with("https://") || redirect_uri::check(uri).is_err()) {
            return Err(refused("client_uri: an address with https"));
        }
        let grant_types = self.grant_types.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        let known = |kind: &str| match kind {
            "authorization_code" | "refresh_token" | "client_credentials" => true,
            "password" => password_grant,
            _ => false,
        };
        if grant_types.is_empty() || grant_types.len() > 4 || !grant_types.iter().all(|kind| known(kind)) {
            return Err(refused("grant_types: some of authorization_code, refresh_token, client_credentials"));
        }
        if self.response_types.is_some_and(|types| types.iter().any(|kind| kind != "code")) {
            return Err(refused("response_types: code, and no other"));
        }
        let auth_method = self.token_endpoint_auth_method.unwrap_or_else(|| "client_secret_basic".to_owned());
        if !["none", "client_secret_basic", "client_secret_post"].contains(&auth_method.as_str()) {
            return Err(refused("token_endpoint_auth_method: none, client_secret_basic or client_secret_post"));
        }
        let has = |kind: &str| grant_types.iter().any(|known| known == kind);
        if has("client_credentials") && auth_method == "none" {
            return Err(refused("grant_types: client_credentials needs an app with a secret"));
        }
        if self.redirect_uris.len() > 10 || (has("authorization_code") && self.redirect_uris.is_empty()) {
            return Err(Refusal::new("invalid_redirect_uri", "send 1 to 10 redirect_uris"));
        }
        for uri in &self.redirect_uris {
            redirect_uri::check(uri).map_err(|why| Refusal::new("invalid_redirect_uri", format!("{uri}: {why}")))?;
        }
        let scopes = match &self.scope {
            Some(text) => text.parse::<Scopes>().map_err(|error| refused(format!("scope: {error}")))?,
            None => Scopes::PUBLIC,
        };
        if scopes.is_empty() {
            return Err(refused("scope: name one or more, or leave it out"));
        }
        let scope = scopes.to_string();
        let client_id = String::new();
        Ok(App { client_id, name, website, redirect_uris: self.redirect_uris, scope, grant_types, auth_method, secret_hash: None })
    }
}

/// Register an app.
///
/// Anybody may, as for signing up. An app that nobody has used for 30 days after that is forgotten, and so is one that
/// nobody has used for 90 days and to whom nobody allows anything any more.
#[utoipa::path(post, path = "/oauth/register", tag = "oauth", request_body = Registration, responses(
    (status = 201, body = Registered),
    (status = 400, body = OAuthError),
    (status = 429, body = ProblemDocument, description = "Too many apps of late; see `Retry-After`"),
))]
pub(crate) async fn register(
    State(Auth(auth)): State<Auth>,
    source: Source,
    registration: Result<Json<Registration>, Problem>,
) -> Result<Response, Refusal> {
    let Json(registration) = registration.map_err(|problem| match problem.status().as_u16() {
        400 | 415 | 422 => refused(problem.detail()),
        _ => problem.into(),
    })?;
    let mut app = registration.check(auth.password_grant)?;
    auth.attempts.take(Tried::Registration, &source.network()).await?;
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|error| Problem::internal(error.to_string()))?;
    app.client_id = format!("app_{}", BASE64_URL_SAFE_NO_PAD.encode(id));
    let client_secret = match app.auth_method.as_str() {
        "none" => None,
        _ => Some(told_once::make("spcs_")?),
    };
    app.secret_hash = client_secret.as_deref().map(told_once::hash);
    let client_id_issued_at = apps::insert(&auth.pool, &app).await?;
    tracing::info!(event.name = "app.registered", client = app.client_id, "an app was registered");
    let registered = Registered {
        client_id: app.client_id,
        client_secret_expires_at: client_secret.as_ref().map(|_| 0),
        client_secret,
        client_id_issued_at,
        client_name: app.name,
        client_uri: app.website,
        response_types: if app.redirect_uris.is_empty() { Vec::new() } else { vec!["code"] },
        redirect_uris: app.redirect_uris,
        scope: app.scope,
        token_endpoint_auth_method: app.auth_method,
        grant_types: app.grant_types,
    };
    Ok((StatusCode::CREATED, Json(registered)).into_response())
}
