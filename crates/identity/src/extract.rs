//! Who may call, as an argument of the handler.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts, OriginalUri};
use contracts::{AccountId, Scope, Scopes, Service, SessionId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use serving::{Problem, Rates};

use crate::{
    ACCESS_TOKEN_TYPE, APP_TOKEN_TYPE, AccessClaims, AppClaims, Bearer, Keyset, PhotoGrant, Revocations, ServiceKeys, TokenError, rules,
};

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
    /// Through which app.
    pub client: String,
    /// The handle at the time of sign-in.
    pub handle: String,
    /// What the token allows. What the route needs has been checked.
    pub scopes: Scopes,
    /// `Admin`, or nothing; as of the time of issue.
    pub roles: Vec<String>,
    /// Until when the token is good, in Unix seconds.
    pub expires: u64,
}

/// A signed-in account, or a visitor. A token that is sent must be good: a bad one is an error, not a visitor. An app
/// that calls for itself sees what visitors see.
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

    /// Could it tell who calls? Not in the first moments of a process, which should get no requests then.
    pub fn is_ready(&self) -> bool {
        self.0.revocations.are_known() && self.0.keyset.can_verify()
    }

    /// The account that the access token `token` was issued to.
    pub async fn viewer(&self, token: &str) -> Result<Viewer, Problem> {
        let viewer = self.caller(token, None).await?;
        viewer.ok_or_else(|| Problem::unauthorized("This is the token of an app; what is here needs that of a person."))
    }

    /// Who calls a route that needs the scope `needs`; nobody, if it is an app for itself.
    async fn caller(&self, token: &str, needs: Option<Scope>) -> Result<Option<Viewer>, Problem> {
        let bearer = self.verify(token).await.map_err(|error| {
            refused(error.reason());
            unverified(&error)
        })?;
        if !self.still_goes_on(bearer.session())? {
            refused(TokenError::Revoked.reason());
            return Err(Problem::unauthorized("The session has ended. Sign in again."));
        }
        let scopes = Scopes::known(bearer.scope());
        if let Some(needed) = needs.filter(|needed| !scopes.contains(*needed)) {
            tracing::info!(event.name = "access.denied", scope = needed.name(), client = bearer.client_id(), "a token lacks a scope");
            return Err(Problem::insufficient_scope(needed));
        }
        let Bearer::Person(claims) = bearer else { return Ok(None) };
        self.admit(claims, scopes).map(Some)
    }

    /// Does the session of a good token go on? Nobody comes in while that is not known.
    pub(crate) fn still_goes_on(&self, session: SessionId) -> Result<bool, Problem> {
        let unknown = || Problem::unavailable("Whether your session goes on cannot be checked now. Try again.", Duration::from_secs(1));
        self.goes_on(session).ok_or_else(unknown)
    }

    /// Somebody whose token is good, unless they ask too often.
    pub(crate) fn admit(&self, claims: AccessClaims, scopes: Scopes) -> Result<Viewer, Problem> {
        self.0.rates.check_account(claims.sub.0)?;
        let AccessClaims { sub, sid, client_id, preferred_username, roles, exp, .. } = claims;
        Ok(Viewer { account: sub, session: sid, client: client_id, handle: preferred_username, scopes, roles, expires: exp })
    }

    /// The platform's public URL.
    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Does a session go on? For answers that last longer than the question. `None` if what we know is too old to say.
    pub fn goes_on(&self, session: SessionId) -> Option<bool> {
        self.0.revocations.contains(session).map(|ended| !ended)
    }

    /// What an access token says, once its type, key, signature, issuer, audience and times are found right. Whether it was
    /// revoked is another question.
    pub async fn verify(&self, token: &str) -> Result<Bearer, TokenError> {
        self.verify_for(&AccessClaims::audience(&self.0.issuer), token).await
    }

    /// The same of a token for this audience.
    pub(crate) async fn verify_for(&self, audience: &str, token: &str) -> Result<Bearer, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        // Told apart before anything else is looked at: no other kind of token is ever read as one of these.
        let person = match header.typ.as_deref() {
            Some(ACCESS_TOKEN_TYPE) => true,
            Some(APP_TOKEN_TYPE) => false,
            _ => return Err(TokenError::WrongType),
        };
        let key = self.0.keyset.find(&header.kid.ok_or(TokenError::UnknownKey)?).await?;
        let rules = rules(&self.0.issuer, audience, &["exp", "iss", "aud", "sub"]);
        if person {
            return Ok(Bearer::Person(jsonwebtoken::decode(token, &key, &rules)?.claims));
        }
        let claims: AppClaims = jsonwebtoken::decode(token, &key, &rules)?.claims;
        if claims.sub != claims.client_id { Err(TokenError::WrongType) } else { Ok(Bearer::App(claims)) }
    }

    /// The grant in the `grant` parameter of a photo's address.
    pub fn grant(&self, token: &str) -> Result<PhotoGrant, TokenError> {
        self.0.service_keys.verify_grant(token)
    }
}

/// One line for each request that is refused, with nothing in it that a stranger wrote: as many as the rates let through.
fn refused(reason: &'static str) {
    tracing::info!(event.name = "access.refused", reason, "refused an access token");
}

/// A good token is never called bad because auth could not be asked: whoever hears that signs out.
pub(crate) fn unverified(error: &TokenError) -> Problem {
    match error {
        TokenError::KeysUnavailable => {
            Problem::unavailable("Whether your access token is good cannot be checked now. Try again.", Duration::from_secs(1))
        }
        _ => Problem::unauthorized("The access token is not valid, or no longer. Refresh it or sign in again."),
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
        let Some(token) = bearer(parts)? else { return Ok(Self(None)) };
        // A nested router sees a shorter path; what counts is the one that was asked for.
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |original| original.0.path());
        let needs = Scope::required(&parts.method, path);
        Identity::from_ref(state).caller(token, needs).await.map(Self)
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
