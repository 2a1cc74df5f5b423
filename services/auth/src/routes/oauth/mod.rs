//! OAuth 2.1 and OpenID Connect: what apps are given, by whom.
//!
//! ```text
//!   app ─► POST /oauth/register                                      it tells its name and where to come back to
//!   person ─► GET /oauth/authorize ─► sign in ─► allow ─► back to the app with a code      authorize
//!   app ─► POST /oauth/token: the code ─► access token, id token, refresh token            token, code, refresh
//!   app ─► the platform's API with the access token
//! ```
//!
//! Whoever signs in there can ask for a new password (forgotten) and look after their passkeys (passkeys), which leads back.
//!
//! What an app has of a person is a session with the app's `client_id`: it is listed, revoked and ended like any other.

mod app_token;
pub(crate) mod authorize;
mod browser;
mod client;
mod code;
pub(crate) mod forgotten;
mod goal;
mod html;
mod id_token;
pub(crate) mod introspect;
pub(crate) mod links;
pub(crate) mod passkeys;
mod password;
mod redirect_uri;
mod refresh;
mod refusal;
pub(crate) mod register;
pub(crate) mod revoke;
mod sign_in;
mod theft;
pub(crate) mod token;
pub(crate) mod userinfo;
