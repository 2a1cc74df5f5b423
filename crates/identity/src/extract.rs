//! Who may call, as an argument of the handler.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use contracts::{AccountId, Service, SessionId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use serving::{Problem, Rates};

use crate::{ACCESS_TOKEN_TYPE, AccessClaims, Keyset, PhotoGrant, Revocations, ServiceKeys, TokenError, rules};

/// All that is needed to know who calls one service.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    service: Service,
    issuer: String,
    keyset: Keyset,
    revocations: Revocations,
    service_keys: ServiceKeys,
    rates: Rates,
}

/// A signed-in account.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// The handle at the time of sign-in.
    pub handle: String,
}

/// A signed-in account, or a visitor. A token that is sent must be good: a bad one is an error, not a visitor.
#[derive(Clone, Debug)]
pub struct MaybeViewer(pub Option<Viewer>);

/// Another service, on the private port.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Service);

impl Identity {
    /// What `service` knows of its callers; `issuer` is the platform's public URL.
    pub fn new(
        service: Service,
        issuer: impl Into<String>,
        keyset: Keyset,
        revocations: Revocations,
        service_keys: ServiceKeys,
        rates: Rates,
    ) -> Self {
        Self(Arc::new(Inner { service, issuer: issuer.into(), keyset, revocations, service_keys, rates }))
    }

    /// The account that the access token `token` was issued to.
    pub async fn viewer(&self, token: &str) -> Result<Viewer, Problem> {
        let claims = self.claims(token).await.map_err(|error| {
            tracing::debug!(%error, "refused an access token");
            Problem::unauthorized("The access token is not valid, or no longer. Refresh it or sign in again.")
        })?;
        match self.0.revocations.contains(claims.sid) {
            Some(false) => {}
            Some(true) => return Err(Problem::unauthorized("The session has ended. Sign in again.")),
            None => {
                return Err(Problem::unavailable("Whether your session goes on cannot be checked now. Try again.", Duration::from_secs(1)));
            }
        }
        self.0.rates.check_account(claims.sub.0)?;
        Ok(Viewer { account: claims.sub, session: claims.sid, handle: claims.preferred_username })
    }

    async fn claims(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        if header.typ.as_deref() != Some(ACCESS_TOKEN_TYPE) {
            return Err(TokenError::WrongType);
        }
        let key = self.0.keyset.find(&header.kid.ok_or(TokenError::UnknownKey)?).await.ok_or(TokenError::UnknownKey)?;
        let rules = rules(&self.0.issuer, &AccessClaims::audience(&self.0.issuer), &["exp", "iss", "aud", "sub"]);
        Ok(jsonwebtoken::decode::<AccessClaims>(token, &key, &rules)?.claims)
    }

    /// The grant in the `grant` parameter of a photo's address.
    pub fn grant(&self, token: &str) -> Result<PhotoGrant, TokenError> {
        self.0.service_keys.verify_grant(token)
    }
}

fn bearer(parts: &Parts) -> Result<Option<&str>, Problem> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Problem::unauthorized("Send the access token as `Authorization: Bearer …`.")),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeViewer
where
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match bearer(parts)? {
            None => Ok(Self(None)),
            Some(token) => Identity::from_ref(state).viewer(token).await.map(Some).map(Self),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer
where
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeViewer(viewer) = MaybeViewer::from_request_parts(parts, state).await?;
        viewer.ok_or_else(|| Problem::unauthorized("Sign in, and send the access token as `Authorization: Bearer …`."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = Identity::from_ref(state);
        let token = bearer(parts)?.ok_or_else(|| Problem::unauthorized("Internal calls need a service token."))?;
        identity.0.service_keys.caller(token, identity.0.service).map(Self).map_err(|error| {
            tracing::warn!(%error, "refused a service token");
            Problem::unauthorized("The service token is not valid.")
        })
    }
}
