//! The pair of tokens that a sign-in or a refresh answers with.

use aws_lc_rs::rand;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::{AccountId, SessionId};
use identity::{AccessClaims, FIRST_PARTY_SCOPE, unix_now};
use serde::Serialize;
use serving::{Json, Result};
use utoipa::ToSchema;

use crate::{State, refresh_token};

/// Seconds that an access token is good for.
const ACCESS_LIFE: u64 = 600;
/// The app of people who sign in at the platform itself.
const FIRST_PARTY: &str = "first-party";

/// The answer of RFC 6749, section 5.1. It is never stored, not even for an `Idempotency-Key`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    /// Good for one refresh, which answers with the next one.
    refresh_token: String,
    scope: &'static str,
}

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        let mut response = Json(self).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Issues the tokens of one generation of a session.
pub(super) async fn issue(
    auth: &State,
    account: AccountId,
    handle: String,
    session: SessionId,
    secret: &[u8],
    generation: i32,
) -> Result<Tokens> {
    let iat = unix_now();
    let mut jti = [0; 16];
    rand::fill(&mut jti).map_err(|error| serving::Problem::internal(error.to_string()))?;
    let claims = AccessClaims {
        iss: auth.issuer.clone(),
        sub: account,
        aud: AccessClaims::audience(&auth.issuer),
        client_id: FIRST_PARTY.to_owned(),
        scope: FIRST_PARTY_SCOPE.to_owned(),
        roles: Vec::new(),
        preferred_username: handle,
        exp: iat + ACCESS_LIFE,
        iat,
        jti: BASE64_URL_SAFE_NO_PAD.encode(jti),
        sid: session,
    };
    Ok(Tokens {
        access_token: auth.keyring.sign(&claims).await?,
        token_type: "Bearer",
        expires_in: ACCESS_LIFE,
        refresh_token: refresh_token::issue(secret, session, generation),
        scope: FIRST_PARTY_SCOPE,
    })
}
