//! Who is at the browser: three cookies that no script can read and no other site can use.
//!
//! `browser` is a random number that forms are bound to, `session` a session of the platform's own, `device` what a device
//! is known by at its next sign-in.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::SessionId;
use serving::Result;
use url::Url;

use crate::sign_in::{Begun, open_secret};
use crate::store::browsers::{self, Browser};
use crate::{State, told_once};

const BROWSER: &str = "browser";
const SESSION: &str = "session";
const DEVICE: &str = "device";
/// Seconds that a device is known.
const YEAR: u32 = 365 * 24 * 3600;
const DAY: u32 = 24 * 3600;
/// Longer is none of ours.
const MOST_BYTES: usize = 200;

/// A browser that asks for a page.
pub(super) struct Visit {
    /// Who is signed in there.
    pub(super) person: Option<Browser>,
    /// What it was given at an earlier sign-in.
    pub(super) device: Option<String>,
    browser: String,
    is_new: bool,
    session: String,
}

/// Over https, browsers take a cookie with this prefix from this very host only, and send it nowhere else.
fn prefix(auth: &State) -> &'static str {
    if auth.issuer.starts_with("https://") { "__Host-" } else { "" }
}

fn cookie(auth: &State, name: &str, value: &str, seconds: Option<u32>) -> HeaderValue {
    let prefix = prefix(auth);
    let secure = if prefix.is_empty() { "" } else { "; Secure" };
    let life = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{life}");
    HeaderValue::try_from(text).expect("our cookies are ASCII")
}

fn find(auth: &State, headers: &HeaderMap, name: &str) -> Option<String> {
    let name = format!("{}{name}", prefix(auth));
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = cookies.find(|(known, _)| *known == name)?;
    (value.len() <= MOST_BYTES).then(|| value.to_owned())
}

/// The session's own secret proves it; refresh tokens are made with another message.
fn mac(secret: &[u8], session: SessionId) -> hmac::Tag {
    let message = [b"browser session".as_slice(), &session.0.to_be_bytes()].concat();
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message)
}

fn session_cookie(secret: &[u8], session: SessionId) -> String {
    told_once::encode("spbs_", &[session.0.to_be_bytes().as_slice(), mac(secret, session).as_ref()].concat())
}

/// The session that a cookie says it is of, with what would prove it.
fn parse(cookie: &str) -> Option<(SessionId, Vec<u8>)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cookie.strip_prefix("spbs_")?).ok()?;
    let (session, mac) = bytes.split_first_chunk::<8>()?;
    Some((SessionId(i64::from_be_bytes(*session)), mac.to_vec()))
}

impl Visit {
    /// Reads the cookies.
    pub(super) async fn read(auth: &State, headers: &HeaderMap) -> Result<Self> {
        let known = find(auth, headers, BROWSER).filter(|value| !value.is_empty());
        let is_new = known.is_none();
        let browser = match known {
            Some(known) => known,
            None => told_once::make("spbr_")?,
        };
        let session = find(auth, headers, SESSION).unwrap_or_default();
        let person = person(auth, &session).await?;
        Ok(Self { person, device: find(auth, headers, DEVICE), browser, is_new, session })
    }

    /// What a form of this browser, and of whoever is signed in there, has to bring along.
    pub(super) fn token(&self, auth: &State) -> String {
        let of = format!("{}\n{}", self.browser, self.session);
        BASE64_URL_SAFE_NO_PAD.encode(auth.sealing.derive("form", &of))
    }

    /// Was a form with this token sent by a page of ours in this very browser?
    pub(super) fn has_sent(&self, auth: &State, headers: &HeaderMap, token: &str) -> bool {
        comes_from_here(auth, headers) && self.has_token(auth, token)
    }

    /// Is this that?
    pub(super) fn has_token(&self, auth: &State, token: &str) -> bool {
        !self.is_new && verify_slices_are_equal(self.token(auth).as_bytes(), token.as_bytes()).is_ok()
    }

    /// What a browser has to keep that is here for the first time.
    pub(super) fn cookie(&self, auth: &State) -> Option<HeaderValue> {
        self.is_new.then(|| cookie(auth, BROWSER, &self.browser, None))
    }
}

async fn person(auth: &State, cookie: &str) -> Result<Option<Browser>> {
    let Some((session, proof)) = parse(cookie) else { return Ok(None) };
    let Some(browser) = browsers::find(&auth.pool, session).await? else { return Ok(None) };
    let Some(secret) = open_secret(auth, &browser.secret) else { return Ok(None) };
    Ok(verify_slices_are_equal(mac(&secret, session).as_ref(), &proof).is_ok().then_some(browser))
}

/// The cookies of somebody who has just signed in.
pub(super) fn remember(auth: &State, begun: &Begun) -> [HeaderValue; 2] {
    let life = u32::from(auth.session_life_days) * DAY;
    let session = session_cookie(&begun.secret, begun.session);
    [cookie(auth, SESSION, &session, Some(life)), remember_device(auth, &begun.device)]
}

/// Takes the session's cookie away.
pub(super) fn forget(auth: &State) -> HeaderValue {
    cookie(auth, SESSION, "", Some(0))
}

/// What a device keeps that is known from now on.
pub(super) fn remember_device(auth: &State, device: &str) -> HeaderValue {
    cookie(auth, DEVICE, device, Some(YEAR))
}

/// Did one of our own pages send this? What a browser says about itself must not contradict it; programs say nothing.
fn comes_from_here(auth: &State, headers: &HeaderMap) -> bool {
    let ours = Url::parse(&auth.issuer).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    is_same_origin(headers) && said(headers, header::ORIGIN).is_none_or(|origin| origin == ours)
}

/// The same of a page whose address is a secret: of such a one a browser says `Origin: null`.
pub(super) fn comes_from_a_secret_page(auth: &State, headers: &HeaderMap) -> bool {
    let is_nameless = said(headers, header::ORIGIN) == Some("null");
    comes_from_here(auth, headers) || (is_nameless && is_same_origin(headers))
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    said(headers, HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin")
}

/// A header as text; empty, if it is none.
fn said(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_proves_one_session() {
        let (session, proof) = parse(&session_cookie(b"secret", SessionId(7))).unwrap();
        assert_eq!(session, SessionId(7));
        assert_eq!(proof, mac(b"secret", SessionId(7)).as_ref());
        assert_ne!(proof, mac(b"secret", SessionId(8)).as_ref());
        assert_ne!(proof, mac(b"other", SessionId(7)).as_ref());
        assert!(parse("").is_none() && parse("spbs_AA").is_none() && parse("sprt_AAAAAAAAAAAAAAAA").is_none());
    }
}
