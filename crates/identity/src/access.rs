use contracts::{AccountId, SessionId};
use serde::{Deserialize, Serialize};

/// The `typ` of an access token (RFC 9068, section 2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The scope of a person who signed in with a password: everything that the platform has.
pub const FIRST_PARTY_SCOPE: &str = "accounts:write posts:read posts:write profiles:write relations:write photos:read photos:write";

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The platform's public URL.
    pub iss: String,
    /// Who.
    pub sub: AccountId,
    /// Where it is accepted: `<iss>/v1`.
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
