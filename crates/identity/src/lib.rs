//! Who is calling.
//!
//! | argument of a handler | proof | where |
//! |---|---|---|
//! | [`Viewer`], [`MaybeViewer`] | access token: `at+jwt` (RFC 9068), signed by auth, not revoked, with the route's scope | public port |
//! | [`Admin`] | the same, with the role `Admin` and the scope `admin:read` or `admin:write` | public port |
//! | [`MediaViewer`] | the same, or the media cookie: `at+jwt` for the audience `media` | `/p/…` |
//! | [`MaybeViewer`], as a visitor | token of an app for itself: `app-at+jwt`, likewise | public port |
//! | [`Caller`] | service token: a minute, signed by the calling service for this one | private port |
//! | [`PhotoGrant`] | five minutes, signed by the service that shows the photo, for one viewer | `/p/…?grant=` |
//!
//! Of every token are checked: the algorithm (EdDSA only), the type, the key by exact `kid`, issuer, audience and times
//! (RFC 8725). Keys come from configuration and from auth's JWKS only; `jku`, `x5u` and `jwk` in a header are ignored.

mod access;
mod admin;
#[cfg(test)]
mod cookies;
mod extract;
#[cfg(test)]
mod forged;
mod grant;
mod keyset;
mod media;
#[cfg(test)]
mod mixed_up;
#[cfg(test)]
mod outages;
mod revocations;
mod service;
pub mod testing;

use jsonwebtoken::errors::ErrorKind;

pub use access::{ACCESS_TOKEN_TYPE, APP_TOKEN_TYPE, AccessClaims, AppClaims, Bearer, MEDIA_AUDIENCE};
pub use admin::{ADMIN_ROLE, Admin};
pub use extract::{Caller, Identity, MaybeViewer, Viewer};
pub use grant::{AsOf, PhotoGrant};
pub use keyset::Keyset;
pub use media::{MediaViewer, forget_media_cookie, media_cookie};
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
    /// Which keys there are cannot be found out now: the token may be good.
    #[error("the keys of tokens are not known")]
    KeysUnavailable,
    /// The session has ended.
    #[error("the session has ended")]
    Revoked,
}

impl TokenError {
    /// The same in a word, for the log: most that are refused are only over, and whoever looks for the others passes those over.
    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => "expired",
            Self::Invalid(_) => "invalid",
            Self::WrongType => "type",
            Self::UnknownKey => "key",
            Self::KeysUnavailable => "unchecked",
            Self::Revoked => "ended",
        }
    }
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
