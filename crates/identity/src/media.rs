//! The media cookie: what a browser proves with who looks at a picture, since an `<img>` sends no access token.
//!
//! No script can read it, and browsers send it to `/p` alone, from pages of the same site only. `SameSite=Strict`, because
//! it costs nothing: pictures on a page of ours are asked for by that page, however one came to it. `Lax` would send it with
//! links and windows from elsewhere, too, by which another site could find out what somebody may see.

use axum::extract::{FromRef, FromRequestParts};
use contracts::{Scope, Scopes};
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use serving::Problem;

use crate::extract::unverified;
use crate::{Bearer, Identity, MEDIA_AUDIENCE, MaybeViewer, TokenError, Viewer};

/// Over https, browsers take a cookie with this prefix from https only. The stricter `__Host-` would demand `Path=/`.
fn name(issuer: &str) -> &'static str {
    if issuer.starts_with("https://") { "__Secure-media" } else { "media" }
}

fn cookie(issuer: &str, value: &str, seconds: u64) -> HeaderValue {
    let name = name(issuer);
    let secure = if issuer.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/p; HttpOnly; SameSite=Strict{secure}; Max-Age={seconds}");
    let mut cookie = HeaderValue::try_from(text).expect("our cookies are ASCII");
    cookie.set_sensitive(true);
    cookie
}

/// The `Set-Cookie` by which a browser keeps `token`, which is good for so many seconds, for the pictures at `issuer`.
pub fn media_cookie(issuer: &str, token: &str, seconds: u64) -> HeaderValue {
    cookie(issuer, token, seconds)
}

/// The `Set-Cookie` by which a browser forgets it.
pub fn forget_media_cookie(issuer: &str) -> HeaderValue {
    cookie(issuer, "", 0)
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // Cookies of others on the same host need not be ASCII.
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Who asks for the bytes of a picture: by an access token, which must be good if one is sent, else by the media cookie.
/// The cookie is looked at where somebody asks for the [`viewer`](Self::viewer): so none, however bad, keeps anybody from
/// what is there for everybody.
pub struct MediaViewer(Proof);

enum Proof {
    /// An access token, or nothing. It was looked at.
    Token(Option<Viewer>),
    /// It was not looked at yet.
    Cookie(Identity, String),
}

impl MediaViewer {
    /// Who it is; nobody, if the cookie is not good or no longer. An error, if that cannot be said now.
    pub async fn viewer(self) -> Result<Option<Viewer>, Problem> {
        let (identity, token) = match self.0 {
            Proof::Token(viewer) => return Ok(viewer),
            Proof::Cookie(identity, token) => (identity, token),
        };
        let claims = match identity.verify_for(MEDIA_AUDIENCE, &token).await {
            Ok(Bearer::Person(claims)) => claims,
            Ok(Bearer::App(_)) => return Ok(None),
            Err(error @ TokenError::KeysUnavailable) => return Err(unverified(&error)),
            Err(error) => {
                tracing::debug!(%error, "passed over a media cookie");
                return Ok(None);
            }
        };
        let scopes = Scopes::known(&claims.scope);
        if !identity.still_goes_on(claims.sid)? || !scopes.contains(Scope::PhotosRead) {
            return Ok(None);
        }
        identity.admit(claims, scopes).map(Some)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MediaViewer
where
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Browsers send cookies unasked, so this one must never do more than show something.
        let only_looks = [Method::GET, Method::HEAD].contains(&parts.method);
        if only_looks && !parts.headers.contains_key(AUTHORIZATION) {
            let identity = Identity::from_ref(state);
            if let Some(token) = find(&parts.headers, name(identity.issuer())).map(str::to_owned) {
                return Ok(Self(Proof::Cookie(identity, token)));
            }
        }
        let MaybeViewer(viewer) = MaybeViewer::from_request_parts(parts, state).await?;
        Ok(Self(Proof::Token(viewer)))
    }
}
