//! The cookie with which a browser shows private pictures, since an `<img>` sends no access token.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Scope;
use identity::{ACCESS_TOKEN_TYPE, AccessClaims, MEDIA_AUDIENCE, Viewer, forget_media_cookie, media_cookie, unix_now};
use serving::{ProblemDocument, Result};

use super::tokens;
use crate::{Auth, State as Inner};

/// Let this browser show private pictures.
///
/// The answer sets a cookie that no script can read, which proves at `/p` and nowhere else who looks at a picture. It is good
/// for as long as the access token that asks, and ends with its session: ask again after each refresh.
#[utoipa::path(post, path = "/v1/sessions/media", tag = "sessions", responses(
    (status = 204, description = "`Set-Cookie` has the cookie: `__Secure-media`, or `media` where the platform has no https"),
    (status = 401, body = ProblemDocument),
    (status = 403, body = ProblemDocument, description = "The token lacks the scope `photos:read`"),
))]
pub(crate) async fn create(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<Response> {
    let iat = unix_now();
    let claims = AccessClaims {
        iss: auth.issuer.clone(),
        sub: viewer.account,
        aud: MEDIA_AUDIENCE.to_owned(),
        client_id: viewer.client,
        scope: Scope::PhotosRead.to_string(),
        roles: Vec::new(),
        preferred_username: viewer.handle,
        exp: viewer.expires,
        iat,
        jti: tokens::jti()?,
        sid: viewer.session,
    };
    let token = auth.keyring.sign(ACCESS_TOKEN_TYPE, &claims).await?;
    let cookie = media_cookie(&auth.issuer, &token, claims.exp.saturating_sub(iat));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Let this browser show private pictures no more.
#[utoipa::path(delete, path = "/v1/sessions/media", tag = "sessions", responses(
    (status = 204, description = "`Set-Cookie` takes the cookie away"),
    (status = 401, body = ProblemDocument),
    (status = 403, body = ProblemDocument, description = "The token lacks the scope `photos:read`"),
))]
pub(crate) async fn delete(State(Auth(auth)): State<Auth>, _: Viewer) -> Response {
    done_and_forgotten(&auth)
}

/// 204 for whoever ends their own session, and for a browser that has the cookie of it.
pub(super) fn done_and_forgotten(auth: &Inner) -> Response {
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, forget_media_cookie(&auth.issuer))]).into_response()
}
