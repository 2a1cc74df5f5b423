//! Who is calling.
//!
//! | argument of a handler | proof | where |
//! |---|---|---|
//! | [`Viewer`], [`MaybeViewer`] | access token: `at+jwt` (RFC 9068), signed by auth, not revoked, with the route's scope | public port |
//! | [`Admin`] | the same, with the role `Admin` and the scope `admin:read` or `admin:write` | public port |
//! | [`MaybeViewer`], as a visitor | token of an app for itself: `app-at+jwt`, likewise | public port |
//! | [`Caller`] | service token: a minute, signed by the calling service for this one | private port |
//! | [`PhotoGrant`] | five minutes, signed by the service that shows the photo, for one viewer | `/p/…?grant=` |
//!
//! Of every token are checked: the algorithm (EdDSA only), the type, the key by exact `kid`, issuer, audience and times
//! (RFC 8725). Keys come from configuration and from auth's JWKS only; `jku`, `x5u` and `jwk` in a header are ignored.

mod access;
mod admin;
mod extract;
#[cfg(test)]
mod forged;
mod grant;
mod keyset;
#[cfg(test)]
mod outages;
mod revocations;
mod service;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use access::{ACCESS_TOKEN_TYPE, APP_TOKEN_TYPE, AccessClaims, AppClaims, Bearer};
pub use admin::{ADMIN_ROLE, Admin};
pub use extract::{Caller, Identity, MaybeViewer, Viewer};
pub use grant::PhotoGrant;
pub use keyset::Keyset;
pub use revocations::{REVOCATIONS_CHANNEL, Revocations};
pub use service::{InvalidKey, ServiceKeys, ServiceSigner};

/// Seconds by which clocks of two machines may differ.
const LEEWAY: u64 = 5;

/// Seconds since 1970.
pub fn unix_now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

/// Why a token is not accepted. The caller only learns that it is not.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Wrong form, type, key, signature, issuer, audience or time.
    #[error("the token is not valid")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// The type in the header is another one.
    #[error("the token is of another type")]
    WrongType,
    /// No key of that id is known.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The session has ended.
    #[error("the session has ended")]
    Revoked,
}

/// The rules that hold for every token.
fn rules(issuer: &str, audience: &str, required: &[&str]) -> jsonwebtoken::Validation {
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[audience]);
    rules.set_required_spec_claims(required);
    rules
}
