//! Signing in and out.

use aws_lc_rs::rand;
use axum::extract::State;
use axum::http::StatusCode;
use identity::Viewer;
use serde::Deserialize;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::tokens::{self, Tokens};
use crate::Auth;
use crate::password::Password;
use crate::store::{accounts, sessions};

/// What the secret of a session is sealed for.
pub(super) const PURPOSE: &str = "session";

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    handle: String,
    #[schema(value_type = String)]
    password: Password,
}

/// Sign in.
///
/// An unknown handle and a wrong password get the same answer after the same work.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SignIn, responses(
    (status = 201, body = Tokens),
    (status = 401, body = ProblemDocument),
    (status = 503, body = ProblemDocument, description = "Too many sign-ins at once; see `Retry-After`"),
))]
pub(crate) async fn create(State(Auth(auth)): State<Auth>, Json(sign_in): Json<SignIn>) -> Result<(StatusCode, Tokens)> {
    let known = accounts::credentials(&auth.pool, &sign_in.handle.to_ascii_lowercase()).await?;
    let stored = known.as_ref().map(|account| account.password_hash.clone());
    let right = auth.hasher.verify(sign_in.password, stored).await?;
    let Some(account) = known.filter(|_| right) else {
        tracing::info!(event.name = "sign_in.failed", "a sign-in failed");
        return Err(Problem::unauthorized("Handle or password is wrong."));
    };
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
    let mut tx = auth.pool.begin().await?;
    let session = sessions::insert(&mut tx, account.id, &auth.sealing.seal(PURPOSE, &secret)).await?;
    tx.commit().await?;
    let tokens = tokens::issue(&auth, account.id, account.handle, session, &secret, 0).await?;
    Ok((StatusCode::CREATED, tokens))
}

/// Sign out: the session's tokens are worth nothing any more, on every service within a second.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", responses((status = 204), (status = 401, body = ProblemDocument)))]
pub(crate) async fn end_current(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<StatusCode> {
    let mut tx = auth.pool.begin().await?;
    sessions::end(&mut tx, viewer.session).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
