//! What the media cookie proves, and what it does not.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use contracts::{AccountId, Scope, Service, SessionId};
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use serving::Problem;

use crate::forged::rates;
use crate::testing::Issuer;
use crate::{
    ACCESS_TOKEN_TYPE, APP_TOKEN_TYPE, AccessClaims, Identity, Keyset, MediaViewer, Revocations, forget_media_cookie, media_cookie,
    unix_now,
};

const ADA: AccountId = AccountId(7);

fn request(method: Method, headers: &[(HeaderName, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/p/key/thumb");
    for (name, value) in headers {
        request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap().into_parts().0
}

/// Who a request with these headers is of.
async fn viewer(identity: &Identity, method: Method, headers: &[(HeaderName, &str)]) -> Result<Option<AccountId>, Problem> {
    let caller = MediaViewer::from_request_parts(&mut request(method, headers), identity).await?;
    Ok(caller.viewer().await?.map(|viewer| viewer.account))
}

async fn by_cookie(identity: &Identity, cookie: &str) -> Option<AccountId> {
    viewer(identity, Method::GET, &[(COOKIE, cookie)]).await.unwrap()
}

#[test]
fn the_cookie_is_for_pictures_of_this_host_and_for_no_script() {
    let set = media_cookie("https://platform.test", "a.b.c", 600);
    assert_eq!(set, "__Secure-media=a.b.c; Path=/p; HttpOnly; SameSite=Strict; Secure; Max-Age=600");
    assert!(!format!("{set:?}").contains("a.b.c"), "it can be logged");
    assert_eq!(media_cookie("http://localhost:8080", "a.b.c", 600), "media=a.b.c; Path=/p; HttpOnly; SameSite=Strict; Max-Age=600");
    // It goes only if name and path are the same.
    let forgotten = forget_media_cookie("https://platform.test");
    assert_eq!(forgotten, "__Secure-media=; Path=/p; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let issuer = Issuer::new();
    let identity = issuer.identity(Service::Photo, rates());
    let good = issuer.media(ADA);
    for cookie in
        [format!("media={good}"), format!("a=b; media={good}; c=d"), format!("a; b=;media={good};"), format!("name=Zo\u{eb}; media={good}")]
    {
        assert_eq!(by_cookie(&identity, &cookie).await, Some(ADA), "{cookie}");
    }
    let (first, second) = ("a=b".to_owned(), format!("media={good}"));
    assert_eq!(viewer(&identity, Method::HEAD, &[(COOKIE, first.as_str()), (COOKIE, second.as_str())]).await.unwrap(), Some(ADA));
    for cookie in [format!("__Secure-media={good}"), format!("Media={good}"), format!("a={good}"), good.clone(), String::new()] {
        assert_eq!(by_cookie(&identity, &cookie).await, None, "{cookie}");
    }
}

#[tokio::test]
async fn what_is_no_media_token_is_nobodys() {
    let issuer = Issuer::new();
    let identity = issuer.identity(Service::Photo, rates());
    let good = AccessClaims { aud: "media".to_owned(), scope: Scope::PhotosRead.to_string(), ..issuer.claims(ADA) };
    assert_eq!(by_cookie(&identity, &format!("media={}", issuer.sign(ACCESS_TOKEN_TYPE, &good))).await, Some(ADA));
    let but = |change: fn(&mut AccessClaims)| {
        let mut claims = good.clone();
        change(&mut claims);
        issuer.sign(ACCESS_TOKEN_TYPE, &claims)
    };
    for (name, token) in [
        ("an access token", issuer.token(ADA)),
        ("an expired one", but(|claims| claims.exp = unix_now() - 60)),
        ("one of elsewhere", but(|claims| claims.iss = "https://elsewhere.test".to_owned())),
        ("one without the scope", but(|claims| claims.scope = Scope::PhotosWrite.to_string())),
        ("one of an app", issuer.sign(APP_TOKEN_TYPE, &good)),
        ("an id token", issuer.sign("JWT", &good)),
        ("one of a stranger's key", Issuer::new().media(ADA)),
        ("nonsense", "nonsense".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_eq!(by_cookie(&identity, &format!("media={token}")).await, None, "{name}");
    }
    assert!(identity.viewer(&issuer.media(ADA)).await.is_err(), "it is taken for an access token");
}

#[tokio::test]
async fn a_token_comes_before_the_cookie_and_only_who_looks_has_one() {
    let issuer = Issuer::new();
    let identity = issuer.identity(Service::Photo, rates());
    let (cookie, eve) = (format!("media={}", issuer.media(ADA)), format!("Bearer {}", issuer.token(AccountId(8))));
    let both = [(COOKIE, cookie.as_str()), (AUTHORIZATION, eve.as_str())];
    assert_eq!(viewer(&identity, Method::GET, &both).await.unwrap(), Some(AccountId(8)));
    for bad in ["Bearer nonsense", "Basic YTpi", format!("Bearer {}", issuer.media(ADA)).as_str()] {
        let refused = viewer(&identity, Method::GET, &[(COOKIE, cookie.as_str()), (AUTHORIZATION, bad)]).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{bad}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        assert_eq!(viewer(&identity, method.clone(), &[(COOKIE, cookie.as_str())]).await.unwrap(), None, "{method}");
    }
}

#[tokio::test]
async fn the_cookie_ends_with_its_session_and_waits_until_that_is_known() {
    let (issuer, keyset, revocations) = (Issuer::new(), Keyset::default(), Revocations::default());
    keyset.set(&issuer.published);
    let service = Identity::new(Service::Photo, Issuer::URL, keyset, revocations.clone(), issuer.service_keys(), rates());
    let cookie = format!("media={}", issuer.media(ADA));

    let six_seconds_ago = Instant::now().checked_sub(Duration::from_secs(6)).unwrap();
    revocations.set(HashSet::new(), six_seconds_ago);
    // Who asks for what is there for everybody is not asked.
    let caller = MediaViewer::from_request_parts(&mut request(Method::GET, &[(COOKIE, cookie.as_str())]), &service).await.unwrap();
    assert_eq!(caller.viewer().await.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(by_cookie(&service, "media=nonsense").await, None, "who is nobody anyway need not wait");

    revocations.set(HashSet::new(), Instant::now());
    assert_eq!(by_cookie(&service, &cookie).await, Some(ADA));
    revocations.set(HashSet::from([SessionId(ADA.0)]), Instant::now());
    assert_eq!(by_cookie(&service, &cookie).await, None);
}
