use contracts::{AccountId, SessionId};
use serde::{Deserialize, Serialize};

/// The `typ` of an access token (RFC 9068, section 2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of a token that an app got for itself. Its own, so that no route takes an app for a person.
pub const APP_TOKEN_TYPE: &str = "app-at+jwt";
/// The `aud` of what the media cookie holds: a token that shows private pictures and opens nothing else.
pub const MEDIA_AUDIENCE: &str = "media";

/// What an access token says, and what the media cookie holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The platform's public URL.
    pub iss: String,
    /// Who.
    pub sub: AccountId,
    /// Where it is accepted: `<iss>/v1`, or [`MEDIA_AUDIENCE`].
    pub aud: String,
    /// Through which app.
    pub client_id: String,
    /// What it allows, separated by spaces.
    pub scope: String,
    /// `Admin`, or nothing.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The handle at the time of issue.
    pub preferred_username: String,
    /// Unix seconds.
    pub exp: u64,
    /// Unix seconds.
    pub iat: u64,
    /// Of this token alone.
    pub jti: String,
    /// The session, which may be revoked.
    pub sid: SessionId,
}

impl AccessClaims {
    /// The audience of people's and apps' tokens at `issuer`.
    pub fn audience(issuer: &str) -> String {
        format!("{issuer}/v1")
    }
}

/// What the token of an app says that calls for itself, without a person (RFC 6749, section 4.4).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppClaims {
    /// The platform's public URL.
    pub iss: String,
    /// The app.
    pub sub: String,
    /// Where it is accepted: `<iss>/v1`.
    pub aud: String,
    /// The app, again.
    pub client_id: String,
    /// What it allows, separated by spaces.
    pub scope: String,
    /// Unix seconds.
    pub exp: u64,
    /// Unix seconds.
    pub iat: u64,
    /// Of this token alone.
    pub jti: String,
    /// Of this token alone too: by it, the token can be revoked.
    pub sid: SessionId,
}

/// Whose token it is.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// A person's, through some app.
    Person(AccessClaims),
    /// An app's own.
    App(AppClaims),
}

impl Bearer {
    /// What it allows, separated by spaces.
    pub fn scope(&self) -> &str {
        match self {
            Self::Person(claims) => &claims.scope,
            Self::App(claims) => &claims.scope,
        }
    }

    /// Through which app.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Person(claims) => &claims.client_id,
            Self::App(claims) => &claims.client_id,
        }
    }

    /// What is revoked with it.
    pub fn session(&self) -> SessionId {
        match self {
            Self::Person(claims) => claims.sid,
            Self::App(claims) => claims.sid,
        }
    }
}
