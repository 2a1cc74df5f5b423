//! Which app calls.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::refusal::Refusal;
use crate::store::apps::{self, App};
use crate::{State, told_once};

/// The app that calls, which has proved it if it has a secret; `None` where there is no word of one.
pub(super) async fn identify(
    auth: &State,
    headers: &HeaderMap,
    client_id: Option<&str>,
    client_secret: Option<&str>,
) -> Result<Option<App>, Refusal> {
    let basic = basic(headers)?;
    let basic = basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
    let (id, secret, method) = match (basic, client_id, client_secret) {
        (None, None, None) => return Ok(None),
        (Some((id, secret)), also, None) if also.is_none_or(|also| also == id) => (id, Some(secret), "client_secret_basic"),
        (None, Some(id), Some(secret)) => (id, Some(secret), "client_secret_post"),
        (None, Some(id), None) => (id, None, "none"),
        _ => return Err(Refusal::new("invalid_request", "authenticate in one way, with both client_id and client_secret")),
    };
    let app = find(auth, id).await?.ok_or_else(Refusal::unknown_client)?;
    let right = match (&app.secret_hash, secret) {
        (None, None) => true,
        (Some(hash), Some(secret)) => verify_slices_are_equal(hash, &told_once::hash(secret)).is_ok(),
        _ => false,
    };
    if right && app.auth_method == method { Ok(Some(app)) } else { Err(Refusal::unknown_client()) }
}

/// The app that calls; there must be one.
pub(super) async fn require(
    auth: &State,
    headers: &HeaderMap,
    client_id: Option<&str>,
    client_secret: Option<&str>,
) -> Result<App, Refusal> {
    identify(auth, headers, client_id, client_secret).await?.ok_or_else(Refusal::unknown_client)
}

/// A registered app, proved or not.
pub(super) async fn find(auth: &State, client_id: &str) -> serving::Result<Option<App>> {
    // What is no id of ours may be no text of the database's either.
    if !client_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    apps::find(&auth.pool, client_id).await
}

/// Id and secret of `Authorization: Basic`. Ours have no character that a client would have to encode in it.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let pair = value.to_str().ok().and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.to_owned()))
    });
    pair.map(Some).ok_or_else(Refusal::unknown_client)
}
