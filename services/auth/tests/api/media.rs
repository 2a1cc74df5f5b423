//! The cookie with which a browser shows private pictures.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestAuth, Tokens, answer};

/// What is said to a browser that is to forget the cookie.
const FORGET: &str = "__Secure-media=; Path=/p; HttpOnly; SameSite=Strict; Secure; Max-Age=0";

/// The cookie that an answer of 204 sets, if it sets one.
async fn set_by(request: RequestBuilder) -> Option<String> {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let mut cookies = answer.headers().get_all("set-cookie").into_iter().map(|cookie| cookie.to_str().unwrap().to_owned());
    let first = cookies.next();
    assert_eq!(cookies.next(), None, "one is enough");
    first
}

/// The cookie of a session: what it holds, and what a browser is told of it.
async fn cookie(auth: &TestAuth, who: &Tokens) -> (String, String) {
    let cookie = set_by(auth.of(who, Method::POST, "/v1/sessions/media")).await.expect("a cookie");
    let (token, rest) = cookie.strip_prefix("__Secure-media=").expect("its name").split_once("; ").expect("its attributes");
    (token.to_owned(), rest.to_owned())
}

/// A part of a token.
fn part(token: &str, which: usize) -> Value {
    let part = token.split('.').nth(which).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_browser_gets_a_cookie_for_pictures_and_for_nothing_else() {
    let auth = TestAuth::spawn().await;
    // Who may do much is no more than somebody who looks.
    let ada = auth.admin("ada").await;
    let (token, rest) = cookie(&auth, &ada).await;

    let (said, session) = (part(&token, 1), part(&ada.access_token, 1));
    assert_eq!(part(&token, 0)["typ"], "at+jwt");
    for claim in ["iss", "sub", "sid", "client_id", "exp"] {
        assert!(!said[claim].is_null());
        assert_eq!(said[claim], session[claim], "{claim}");
    }
    assert_eq!((&said["aud"], &said["scope"], &said["roles"]), (&json!("media"), &json!("photos:read"), &json!([])));
    assert_ne!(said["jti"], session["jti"]);

    // As long as the access token, and no longer.
    let (kind, seconds) = rest.rsplit_once('=').unwrap();
    assert_eq!(kind, "Path=/p; HttpOnly; SameSite=Strict; Secure; Max-Age");
    assert_eq!(seconds.parse::<u64>().unwrap(), said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap());
    assert!((1..=600).contains(&seconds.parse::<u64>().unwrap()), "{seconds} s");
}

#[tokio::test]
async fn what_the_cookie_holds_opens_nothing_here() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let (token, _) = cookie(&auth, &ada).await;
    // Nor does it last longer by itself.
    for (method, path) in [
        (Method::GET, "/v1/accounts/me"),
        (Method::POST, "/v1/sessions/media"),
        (Method::DELETE, "/v1/sessions/media"),
        (Method::DELETE, "/v1/sessions/current"),
        (Method::GET, "/oauth/userinfo"),
    ] {
        let ask = || auth.request(method.clone(), path);
        assert_eq!(answer(ask().bearer_auth(&token)).await.0, StatusCode::UNAUTHORIZED, "{method} {path}");
        let with_cookie = ask().header("cookie", format!("__Secure-media={token}; media={token}"));
        assert_eq!(answer(with_cookie).await.0, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert_eq!(answer(auth.me(&ada.access_token)).await.0, StatusCode::OK, "it goes on");
}

#[tokio::test]
async fn whoever_ends_their_own_session_is_told_to_forget_the_cookie() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let own = async |path: &str| {
        let here = auth.session("ada").await;
        let sid = part(&here.access_token, 1)["sid"].as_str().unwrap().to_owned();
        set_by(auth.of(&here, Method::DELETE, &path.replace("{own}", &sid))).await
    };
    for path in ["/v1/sessions/media", "/v1/sessions/current", "/v1/sessions/{own}", "/v1/sessions"] {
        assert_eq!(own(path).await.as_deref(), Some(FORGET), "{path}");
    }
}

#[tokio::test]
async fn whoever_ends_other_sessions_keeps_the_cookie() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    let sid = part(&there.access_token, 1)["sid"].as_str().unwrap().to_owned();
    for path in [format!("/v1/sessions/{sid}"), "/v1/sessions?except=current".to_owned()] {
        assert_eq!(set_by(auth.of(&here, Method::DELETE, &path)).await, None, "{path}");
    }
}

#[tokio::test]
async fn giving_up_the_cookie_ends_no_session() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    set_by(auth.of(&ada, Method::DELETE, "/v1/sessions/media")).await;
    assert_eq!(answer(auth.me(&ada.access_token)).await.0, StatusCode::OK);
    let again = auth.refreshed(&ada.refresh_token).await;
    cookie(&auth, &again).await;
}

#[tokio::test]
async fn a_session_that_has_ended_gets_no_cookie() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(auth.sign_out(&ada.access_token)).await.0, StatusCode::NO_CONTENT);
    auth.until_refused(&ada.access_token).await;
    assert_eq!(answer(auth.of(&ada, Method::POST, "/v1/sessions/media")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(auth.request(Method::POST, "/v1/sessions/media")).await.0, StatusCode::UNAUTHORIZED);
}
