//! The id token of OpenID Connect: tells one app who has signed in. No route takes it.

use contracts::{AccountId, Scope, Scopes};
use identity::unix_now;
use serde::Serialize;
use serving::Result;

use crate::State;
use crate::routes::tokens::ACCESS_LIFE;
use crate::store::apps::App;

/// Any JWT but an access token is one of these; the `typ` of those is checked everywhere.
const TYPE: &str = "JWT";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: AccountId,
    aud: &'a str,
    exp: u64,
    iat: u64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
}

/// Says to the app who signed in, and when.
pub(super) async fn sign(
    auth: &State,
    account: AccountId,
    handle: &str,
    app: &App,
    granted: Scopes,
    auth_time: i64,
    nonce: Option<String>,
) -> Result<String> {
    let iat = unix_now();
    let claims = Claims {
        iss: &auth.issuer,
        sub: account,
        aud: &app.client_id,
        exp: iat + ACCESS_LIFE,
        iat,
        auth_time,
        nonce,
        preferred_username: granted.contains(Scope::Profile).then_some(handle),
    };
    auth.keyring.sign(TYPE, &claims).await
}
