//! The token endpoint of OAuth 2.1: refreshing.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serving::{Json, Problem, Result};
use utoipa::ToSchema;

use super::sessions::PURPOSE;
use super::tokens::{self, Tokens};
use crate::Auth;
use crate::refresh_token::Presented;
use crate::store::sessions;

/// Seconds in which the immediate predecessor of a token is taken again, with the same successor: the answer may have
/// been lost on its way, and two tabs may refresh at once.
const GRACE: f64 = 10.0;

/// The form of RFC 6749, section 6.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// `refresh_token`
    grant_type: String,
    refresh_token: Option<String>,
}

/// The error of RFC 6749, section 5.2: OAuth clients read this and no problem document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenError {
    error: &'static str,
    error_description: &'static str,
}

fn refuse(error: &'static str, error_description: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, Json(TokenError { error, error_description })).into_response()
}

/// Exchange a refresh token for the next one and a new access token.
///
/// A token that was used before, outside of the grace, was stolen by somebody: its whole session ends.
#[utoipa::path(post, path = "/oauth/token", tag = "oauth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Tokens), (status = 400, body = TokenError)))]
pub(crate) async fn token(
    State(Auth(auth)): State<Auth>,
    form: std::result::Result<Form<TokenRequest>, FormRejection>,
) -> Result<Response> {
    let Ok(Form(request)) = form else {
        return Ok(refuse("invalid_request", "send grant_type and its parameters as application/x-www-form-urlencoded"));
    };
    if request.grant_type != "refresh_token" {
        return Ok(refuse("unsupported_grant_type", "the grant types here are: refresh_token"));
    }
    let Some(token) = request.refresh_token else {
        return Ok(refuse("invalid_request", "send the refresh_token"));
    };
    let Some(presented) = Presented::parse(&token) else {
        return Ok(refuse("invalid_grant", "this is no refresh token; sign in again"));
    };
    let mut tx = auth.pool.begin().await?;
    let Some(session) = sessions::lock(&mut tx, presented.session, GRACE).await? else {
        return Ok(refuse("invalid_grant", "the session has ended; sign in again"));
    };
    let secret = auth.sealing.open(PURPOSE, &session.secret).map_err(Problem::internal)?;
    if !presented.verify(&secret) || !session.alive {
        return Ok(refuse("invalid_grant", "the session has ended; sign in again"));
    }
    let generation = match presented.generation {
        current if current == session.generation => {
            sessions::rotate(&mut tx, presented.session).await?;
            session.generation + 1
        }
        previous if previous == session.generation - 1 && session.in_grace => session.generation,
        _ => {
            sessions::end(&mut tx, presented.session).await?;
            tx.commit().await?;
            tracing::warn!(event.name = "refresh.reused", "a refresh token was used twice; its session was ended");
            return Ok(refuse("invalid_grant", "this refresh token was used before; the session was ended, sign in again"));
        }
    };
    tx.commit().await?;
    let tokens = tokens::issue(&auth, session.account, session.handle, presented.session, &secret, generation).await?;
    Ok(tokens.into_response())
}
