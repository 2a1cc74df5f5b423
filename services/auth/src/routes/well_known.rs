//! What the other services and apps find by name.

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use jsonwebtoken::jwk::JwkSet;
use serving::{Json, Result};

use crate::Auth;

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "oauth", responses((status = 200, description = "A JWK Set", body = serde_json::Value)))]
pub(crate) async fn jwks(State(Auth(auth)): State<Auth>) -> Result<impl IntoResponse + use<>> {
    let published: JwkSet = auth.keyring.published().await?;
    Ok(([(CACHE_CONTROL, "public, max-age=60")], Json(published)))
}
