//! Introspection (RFC 7662): what an app may learn of its own tokens.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::HeaderMap;
use identity::Bearer;
use serde::Serialize;
use serving::Json;
use utoipa::ToSchema;

use super::client;
use super::refresh::GRACE;
use super::refusal::{OAuthError, Refusal};
use super::revoke::TokenForm;
use crate::refresh_token::Presented;
use crate::sign_in::open_secret;
use crate::store::apps::App;
use crate::store::sessions;
use crate::{Auth, State as Inner};

/// What a token says. Of one that is not good, or not the app's own, nothing but that.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// `Bearer`; not there for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
}

impl From<Bearer> for Introspection {
    fn from(bearer: Bearer) -> Self {
        let (sub, username, iss, aud, exp, iat, jti, client_id, scope) = match bearer {
            Bearer::Person(of) => {
                (of.sub.to_string(), Some(of.preferred_username), of.iss, of.aud, of.exp, of.iat, of.jti, of.client_id, of.scope)
            }
            Bearer::App(of) => (of.sub, None, of.iss, of.aud, of.exp, of.iat, of.jti, of.client_id, of.scope),
        };
        Self {
            active: true,
            scope: Some(scope),
            client_id: Some(client_id),
            username,
            token_type: Some("Bearer"),
            exp: Some(exp),
            iat: Some(iat),
            sub: Some(sub),
            aud: Some(aud),
            iss: Some(iss),
            jti: Some(jti),
        }
    }
}

/// Ask what a token of the app's own is worth. Only for apps with a secret.
#[utoipa::path(post, path = "/oauth/introspect", tag = "oauth",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), (status = 400, body = OAuthError), (status = 401, body = OAuthError)))]
pub(crate) async fn introspect(
    State(Auth(auth)): State<Auth>,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Result<Json<Introspection>, Refusal> {
    let Ok(Form(form)) = form else {
        // Who calls comes first.
        client::require(&auth, &headers, None, None).await?;
        return Err(Refusal::new("invalid_request", "send the token as application/x-www-form-urlencoded"));
    };
    let app = client::require(&auth, &headers, form.client_id.as_deref(), form.client_secret.as_deref()).await?;
    if app.secret_hash.is_none() {
        return Err(Refusal::unknown_client());
    }
    let found = match Presented::parse(&form.token) {
        Some(presented) => refresh_token(&auth, &app, &presented).await?,
        None => access_token(&auth, &app, &form.token).await?,
    };
    Ok(Json(found.unwrap_or_default()))
}

async fn access_token(auth: &Inner, app: &App, token: &str) -> serving::Result<Option<Introspection>> {
    let Ok(bearer) = auth.identity.verify(token).await else { return Ok(None) };
    if bearer.client_id() != app.client_id || sessions::is_revoked(&auth.pool, bearer.session()).await? {
        return Ok(None);
    }
    Ok(Some(bearer.into()))
}

async fn refresh_token(auth: &Inner, app: &App, presented: &Presented) -> serving::Result<Option<Introspection>> {
    let mut tx = auth.pool.begin().await?;
    let Some(session) = sessions::lock(&mut tx, presented.session, GRACE).await? else { return Ok(None) };
    let Some(secret) = open_secret(auth, &session.secret) else { return Ok(None) };
    let current = presented.generation == session.generation || (presented.generation == session.generation - 1 && session.in_grace);
    let own = session.client_id.as_ref() == Some(&app.client_id);
    Ok((own && current && session.alive && presented.verify(&secret)).then(|| Introspection {
        active: true,
        scope: Some(session.scope),
        client_id: Some(app.client_id.clone()),
        username: Some(session.handle),
        sub: Some(session.account.to_string()),
        iss: Some(auth.issuer.clone()),
        ..Introspection::default()
    }))
}
