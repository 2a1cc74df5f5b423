//! A private picture as a browser shows it: an `<img>` sends no access token, but the cookie that no script can read.

use identity::{ACCESS_TOKEN_TYPE, AccessClaims, unix_now};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, eventually, path, problem, url};

const NOWHERE: &str = "/p/AAAAAAAAAAAAAAAAAAAAAA/large";

/// What a browser sends for somebody who has asked auth for the cookie.
pub fn cookie(photos: &TestPhoto, who: &Person) -> String {
    format!("media={}", photos.issuer.media(who.id))
}

/// Fetches a picture by nothing but a cookie.
async fn fetch(photos: &TestPhoto, address: &str, cookie: &str) -> Response {
    photos.request(Method::GET, address, None).header("cookie", cookie).send().await.unwrap()
}

async fn private(photos: &TestPhoto, owner: &Person) -> Value {
    photos.keep(owner, jpeg(500, 300, 1), &[("visibility", "private")]).await
}

#[tokio::test]
async fn the_owners_cookie_shows_a_private_picture() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let photo = private(&photos, &ada).await;
    for variant in ["original", "large", "small", "thumb"] {
        let address = url(&photo, variant);
        let shown = fetch(&photos, address, &cookie(&photos, &ada)).await;
        assert_eq!(shown.status(), StatusCode::OK, "{variant}");
        let etag = shown.headers()["etag"].clone();
        assert_eq!(shown.bytes().await.unwrap(), photos.get(address, Some(&ada)).await.bytes().await.unwrap());
        let ask = |method: Method, cookie: &str| photos.request(method, address, None).header("cookie", cookie);
        let head = ask(Method::HEAD, &cookie(&photos, &ada)).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{variant}");
        for (who, status) in [(&ada, StatusCode::NOT_MODIFIED), (&eve, StatusCode::NOT_FOUND)] {
            let again = ask(Method::GET, &cookie(&photos, who)).header("if-none-match", &etag).send().await.unwrap();
            assert_eq!(again.status(), status, "{variant}");
        }
    }
}

#[tokio::test]
async fn a_grant_works_with_the_cookie_of_its_viewer_only() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = private(&photos, &ada).await;
    let address = url(&photo, "thumb");
    let granted = format!("{address}?grant={}", photos.grant(&photo, &ada, &bob));

    assert_eq!(fetch(&photos, &granted, &cookie(&photos, &bob)).await.status(), StatusCode::OK);
    assert_eq!(fetch(&photos, &granted, &cookie(&photos, &eve)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(&granted, None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, address, &cookie(&photos, &bob)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cookie_that_is_no_good_is_as_good_as_none() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let hidden = private(&photos, &ada).await;
    let open = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "public")]).await;
    let nothing = problem(photos.get(NOWHERE, None).await).await;

    let good = photos.issuer.media(ada.id);
    let claims = || AccessClaims { aud: "media".to_owned(), ..photos.issuer.claims(ada.id) };
    let sign = |claims: AccessClaims| photos.issuer.sign(ACCESS_TOKEN_TYPE, &claims);
    let stranger = identity::testing::Issuer::new();
    assert_eq!(fetch(&photos, url(&hidden, "large"), &format!("media={good}")).await.status(), StatusCode::OK);
    for (name, cookie) in [
        ("expired", format!("media={}", sign(AccessClaims { exp: unix_now() - 60, ..claims() }))),
        ("of another platform", format!("media={}", sign(AccessClaims { iss: "https://elsewhere.test".to_owned(), ..claims() }))),
        ("of a stranger's key", format!("media={}", stranger.media(ada.id))),
        ("without the scope", format!("media={}", sign(AccessClaims { scope: "photos:write".to_owned(), ..claims() }))),
        ("an access token", format!("media={}", ada.token)),
        ("an id token", format!("media={}", photos.issuer.sign("JWT", &claims()))),
        ("cut off", format!("media={}", &good[..good.len() - 1])),
        ("nonsense", "media=nonsense".to_owned()),
        ("empty", "media=".to_owned()),
        ("of another name", format!("__Secure-media={good}; session={good}")),
    ] {
        assert_eq!(problem(fetch(&photos, url(&hidden, "large"), &cookie).await).await, nothing, "{name}");
        assert_eq!(fetch(&photos, url(&open, "large"), &cookie).await.status(), StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn an_access_token_comes_before_the_cookie() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let photo = private(&photos, &ada).await;
    let both = |token: &str, cookie: &str| {
        photos.request(Method::GET, url(&photo, "large"), None).bearer_auth(token).header("cookie", cookie).send()
    };
    assert_eq!(both(&ada.token, &cookie(&photos, &eve)).await.unwrap().status(), StatusCode::OK);
    assert_eq!(both(&eve.token, &cookie(&photos, &ada)).await.unwrap().status(), StatusCode::NOT_FOUND);
    // What the cookie holds is no access token, either.
    for bad in ["nonsense", photos.issuer.media(ada.id).as_str()] {
        assert_eq!(both(bad, &cookie(&photos, &ada)).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_cookie_ends_with_its_session() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let hidden = private(&photos, &ada).await;
    let open = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "public")]).await;
    let cookie = cookie(&photos, &ada);
    assert_eq!(fetch(&photos, url(&hidden, "thumb"), &cookie).await.status(), StatusCode::OK);

    photos.issuer.revoke(ada.id);
    let refused = async || fetch(&photos, url(&hidden, "thumb"), &cookie).await.status() == StatusCode::NOT_FOUND;
    eventually("the cookie is refused", refused).await;
    assert_eq!(fetch(&photos, url(&open, "thumb"), &cookie).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn while_nobody_knows_who_has_signed_out_only_private_pictures_wait() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let hidden = private(&photos, &ada).await;
    let open = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "public")]).await;
    let cookie = cookie(&photos, &ada);

    photos.issuer.fall_silent();
    let waits = async || fetch(&photos, url(&hidden, "large"), &cookie).await.status() == StatusCode::SERVICE_UNAVAILABLE;
    eventually("a private picture waits", waits).await;
    assert_eq!(fetch(&photos, url(&hidden, "large"), &cookie).await.headers()["retry-after"], "1");
    assert_eq!(fetch(&photos, url(&open, "large"), &cookie).await.status(), StatusCode::OK);
    assert_eq!(fetch(&photos, url(&hidden, "large"), "media=nonsense").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&hidden, "large"), None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_cache_and_no_other_site_gets_a_picture_that_a_cookie_shows() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let hidden = private(&photos, &ada).await;
    let open = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "public")]).await;
    let shown = fetch(&photos, url(&hidden, "large"), &cookie(&photos, &ada)).await;
    let headers = shown.headers();
    assert_eq!(headers["cache-control"], "private, no-cache");
    assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    let lines: Vec<_> = headers.get_all("vary").into_iter().map(|line| line.to_str().unwrap().to_ascii_lowercase()).collect();
    let varies: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    assert!(["authorization", "cookie"].iter().all(|name| varies.contains(name)), "{varies:?}");
    // To read it, a page of another site would need both of these.
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(!headers.contains_key("access-control-allow-credentials"));

    let shown = fetch(&photos, url(&open, "large"), &cookie(&photos, &ada)).await;
    assert_eq!(shown.headers()["cross-origin-resource-policy"], "cross-origin");
}

#[tokio::test]
async fn elsewhere_the_cookie_is_nothing() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = private(&photos, &ada).await;
    let ask = |method: Method, path: &str| photos.request(method, path, None).header("cookie", cookie(&photos, &ada));
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();

    assert_eq!(status(ask(Method::GET, &path(&photo))).await, StatusCode::NOT_FOUND);
    assert_eq!(status(ask(Method::GET, "/v1/photos/usage")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(ask(Method::DELETE, &path(&photo))).await, StatusCode::UNAUTHORIZED);
    let change = json!({ "visibility": "public" });
    assert_eq!(status(ask(Method::PATCH, &path(&photo)).json(&change)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(ask(Method::POST, url(&photo, "large"))).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(photos.get(url(&photo, "large"), Some(&ada)).await.status(), StatusCode::OK, "it is still there");
}
