//! Passkeys on the pages of `/oauth/authorize`: what the script there sends, sent by hand.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::StatusCode;

use crate::authenticator::Authenticator;
use crate::passkeys::{add, sign_in_options};
use crate::provider::{App, Browser, Page};
use crate::support::{ISSUER, PASSWORD, TestAuth};

/// Ada with a passkey, and where an app sends her.
async fn stage() -> (TestAuth, Authenticator, String) {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    (auth, phone, path)
}

/// The page may run the one script that is in it, and that script may ask this platform only.
fn assert_asks_for_a_passkey(page: &Page) {
    let (before, rest) = page.body.split_once("<script>").expect("a script");
    let (script, after) = rest.split_once("</script>").expect("its end");
    assert!(!before.contains("<script") && !after.contains("<script"), "{}", page.body);
    let policy = page.header("content-security-policy");
    let hash = BASE64_STANDARD.encode(digest(&SHA256, script.as_bytes()));
    for rule in [&*format!("script-src 'sha256-{hash}';"), "connect-src 'self';", "default-src 'none';"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    // Nothing is offered that does not work without it.
    assert!(page.body.contains("id=\"with-passkey\" hidden>"), "{}", page.body);
}

/// The page for the second factor, after the password.
async fn half(browser: &mut Browser, path: &str) -> Page {
    let page = browser.answer(path, &[("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)]).await;
    assert!(page.status == StatusCode::OK && page.body.contains("One more step"), "{}", page.body);
    page
}

/// Sends a passkey with the form of a page for the second factor.
async fn show(browser: &mut Browser, path: &str, page: &Page, passkey: &str) -> Page {
    let (csrf, challenge) = (page.csrf(), page.challenge());
    let fields = [("csrf", &*csrf), ("action", "second_factor"), ("challenge", &*challenge), ("passkey", passkey)];
    browser.post(path, &fields, &[]).await
}

#[tokio::test]
async fn a_passkey_alone_signs_in_on_the_page() {
    let (auth, mut phone, path) = stage().await;
    let mut browser = Browser::new(&auth);
    assert_asks_for_a_passkey(&browser.get(&path).await);
    let passkey = phone.get(&sign_in_options(&auth).await).to_string();
    let right = browser.answer(&path, &[("action", "passkey"), ("passkey", &*passkey)]).await;
    assert!(right.location().starts_with("/oauth/authorize?"), "{}", right.location());
    assert!(browser.get(&path).await.body.contains("An app"));

    // Once.
    let mut other = Browser::new(&auth);
    let again = other.answer(&path, &[("action", "passkey"), ("passkey", &*passkey)]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.body.contains("role=\"alert\"") && !other.cookies.contains_key("__Host-session"), "{}", again.body);
}

#[tokio::test]
async fn a_passkey_is_the_second_factor_on_the_page() {
    let (auth, mut phone, path) = stage().await;
    let mut browser = Browser::new(&auth);
    let page = half(&mut browser, &path).await;
    assert_asks_for_a_passkey(&page);
    assert!(!browser.cookies.contains_key("__Host-session"), "half is not enough");

    let before = auth.count("sessions").await;
    let elsewhere = Authenticator::new().get(&sign_in_options(&auth).await).to_string();
    for wrong in ["", "no JSON", "{}", &elsewhere] {
        let page = show(&mut browser, &path, &page, wrong).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(page.body.contains("role=\"alert\""), "{}", page.body);
        assert_asks_for_a_passkey(&page);
    }
    assert_eq!(auth.count("sessions").await, before);

    let passkey = phone.get(&sign_in_options(&auth).await).to_string();
    let right = show(&mut browser, &path, &page, &passkey).await;
    assert!(right.location().starts_with("/oauth/authorize?"), "{}", right.location());
    assert!(browser.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn anothers_passkey_is_no_second_factor_on_the_page() {
    let (auth, _, path) = stage().await;
    let eve = auth.somebody("eve").await;
    let mut eves = Authenticator::new();
    add(&auth, &eve, &mut eves).await;
    let mut browser = Browser::new(&auth);
    let page = half(&mut browser, &path).await;
    let passkey = eves.get(&sign_in_options(&auth).await).to_string();
    assert_eq!(show(&mut browser, &path, &page, &passkey).await.status, StatusCode::UNAUTHORIZED);
    assert!(!browser.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn a_passkey_from_a_form_that_is_not_ours_signs_nobody_in() {
    let (auth, mut phone, path) = stage().await;
    let mut browser = Browser::new(&auth);
    let csrf = browser.get(&path).await.csrf();
    let passkey = phone.get(&sign_in_options(&auth).await).to_string();
    for (csrf, origin) in [("guessed", ISSUER), (&*csrf, "https://evil.test")] {
        let fields = [("csrf", csrf), ("action", "passkey"), ("passkey", &*passkey)];
        let forged = browser.post(&path, &fields, &[("origin", origin)]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
    }
    let own = [("csrf", &*csrf), ("action", "passkey"), ("passkey", &*passkey)];
    assert_eq!(browser.post(&path, &own, &[]).await.status, StatusCode::SEE_OTHER, "what was refused used nothing up");
}
