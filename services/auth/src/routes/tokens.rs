//! The tokens that a sign-in, a refresh or an app's request is answered with.

use aws_lc_rs::rand;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::{AccountId, Scope, Scopes, SessionId};
use identity::{ACCESS_TOKEN_TYPE, AccessClaims, unix_now};
use serde::Serialize;
use serving::{Json, Problem, Result};
use utoipa::ToSchema;

use crate::store::accounts::ADMIN;
use crate::{State, refresh_token};

/// Seconds that an access token is good for.
pub(super) const ACCESS_LIFE: u64 = 600;
/// The app of people who sign in at the platform itself.
pub(super) const FIRST_PARTY: &str = "first-party";

/// The answer of RFC 6749, section 5.1. It is never stored, not even for an `Idempotency-Key`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    /// Good for one refresh, which answers with the next one. Apps get it with the scope `offline_access`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Who has signed in, for the app that asked with the scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
}

impl Tokens {
    /// An access token that is good for so many seconds, and nothing to get the next one with.
    pub(super) fn access_only(access_token: String, expires_in: u64, scope: String) -> Self {
        Self { access_token, token_type: "Bearer", expires_in, refresh_token: None, id_token: None, scope }
    }

    pub(super) fn with_id_token(self, id_token: Option<String>) -> Self {
        Self { id_token, ..self }
    }
}

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        let mut response = Json(self).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// For whom tokens are issued, through which app.
pub(super) struct Holder {
    pub(super) account: AccountId,
    pub(super) handle: String,
    pub(super) roles: Vec<String>,
    pub(super) session: SessionId,
    /// `None` is the platform itself.
    pub(super) client_id: Option<String>,
    /// What was granted. An account that may less gets less.
    pub(super) granted: Scopes,
    /// When the session ends at the latest, in Unix seconds: no token of it is good for longer. Nothing, where it has just begun
    /// and lasts longer than any token.
    pub(super) ends: Option<u64>,
}

impl Holder {
    /// Somebody who signed in at the platform itself: they may do all that they may.
    pub(super) fn first_party(account: AccountId, handle: String, roles: Vec<String>, session: SessionId) -> Self {
        Self { account, handle, roles, session, client_id: None, granted: Scopes::USER.or(Scopes::ADMIN), ends: None }
    }

    /// What the token says: no more than was granted, and no more than the account may.
    fn scopes(&self) -> Scopes {
        grantable(self.granted, &self.roles)
    }

    /// An app that was not granted what administrators do has no use for the role.
    fn roles(&self) -> Vec<String> {
        match self.scopes().and(Scopes::ADMIN).is_empty() {
            true => Vec::new(),
            false => self.roles.clone(),
        }
    }
}

/// What of `scopes` somebody with these roles can give away.
pub(super) fn grantable(scopes: Scopes, roles: &[String]) -> Scopes {
    let people = Scopes::USER.or(Scopes::OPENID);
    scopes.and(if roles.iter().any(|role| role == ADMIN) { people.or(Scopes::ADMIN) } else { people })
}

/// Something that no other token has.
pub(super) fn jti() -> Result<String> {
    let mut jti = [0; 16];
    rand::fill(&mut jti).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(jti))
}

/// Issues the tokens of one generation of a session.
pub(super) async fn issue(auth: &State, holder: &Holder, secret: &[u8], generation: i32) -> Result<Tokens> {
    let iat = unix_now();
    let exp = (iat + ACCESS_LIFE).min(holder.ends.unwrap_or(u64::MAX));
    let scopes = holder.scopes();
    let claims = AccessClaims {
        iss: auth.issuer.clone(),
        sub: holder.account,
        aud: AccessClaims::audience(&auth.issuer),
        client_id: holder.client_id.clone().unwrap_or_else(|| FIRST_PARTY.to_owned()),
        scope: scopes.to_string(),
        roles: holder.roles(),
        preferred_username: holder.handle.clone(),
        exp,
        iat,
        jti: jti()?,
        sid: holder.session,
    };
    let access_token = auth.keyring.sign(ACCESS_TOKEN_TYPE, &claims).await?;
    let lasts = holder.client_id.is_none() || holder.granted.contains(Scope::OfflineAccess);
    let refresh_token = lasts.then(|| refresh_token::issue(secret, holder.session, generation));
    Ok(Tokens { refresh_token, ..Tokens::access_only(access_token, exp.saturating_sub(iat), claims.scope) })
}
