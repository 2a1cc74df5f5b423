//! The pages behind the links in letters.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::letters::Letters;
use crate::provider::{Browser, Page};
use crate::support::{PASSWORD, TestAuth, Tokens, answer};

const ADDRESS: &str = "ada@example.org";
const VERIFY: &str = "Is this your address?";
const RESET: &str = "Choose a new password";
const NEW: &str = "quite another password";

/// Ada, who has given an address and not proved it yet, and where the letter leads.
async fn given(auth: &TestAuth, letters: &Letters) -> (Tokens, String) {
    let ada = auth.somebody("ada").await;
    let email = json!({"email": ADDRESS, "password": PASSWORD});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/email").json(&email)).await.0, StatusCode::ACCEPTED);
    (ada, letters.link(ADDRESS, VERIFY).await)
}

/// Ada, whose address is proved, and where the letter leads with which she chooses a new password.
async fn forgotten(auth: &TestAuth, letters: &Letters) -> (Tokens, String) {
    let (ada, link) = given(auth, letters).await;
    assert_eq!(Browser::new(auth).answer(&link, &[]).await.status, StatusCode::OK);
    let ask = auth.request(Method::POST, "/v1/accounts/password-resets").json(&json!({"email": ADDRESS}));
    assert_eq!(answer(ask).await.0, StatusCode::ACCEPTED);
    (ada, letters.link(ADDRESS, RESET).await)
}

async fn email_of(auth: &TestAuth, who: &Tokens) -> serde_json::Value {
    answer(auth.me(&who.access_token)).await.1["email"].clone()
}

/// It runs nothing, is kept nowhere, and nobody is told where somebody was.
fn assert_guarded(page: &Page) {
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'sha256-"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src") && !page.body.contains("<script"), "{policy}");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("<main>") && page.body.contains("<h1>"));
}

/// It says what to do, and there is nothing to send from it.
fn assert_over(page: &Page) {
    assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.body);
    assert!(page.body.contains("role=\"alert\"") && page.body.contains("once more") && !page.body.contains("<form"), "{}", page.body);
    assert_guarded(page);
}

#[tokio::test]
async fn the_page_proves_an_address_and_opening_it_does_not() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, link) = given(&auth, &letters).await;
    let mut browser = Browser::new(&auth);
    for _ in 0..2 {
        let page = browser.get(&link).await;
        assert!(page.status == StatusCode::OK && page.body.contains("@ada"), "{}", page.body);
        assert_guarded(&page);
    }
    assert_eq!((email_of(&auth, &ada).await, auth.count("links").await), (json!(null), 1));

    let done = browser.answer(&link, &[]).await;
    assert!(done.status == StatusCode::OK && done.body.contains("role=\"status\""), "{}", done.body);
    assert_guarded(&done);
    assert_eq!(email_of(&auth, &ada).await, ADDRESS);
    assert_over(&browser.get(&link).await);
    assert_over(&browser.get("/oauth/links/verify?code=splk_nonsense").await);
    assert_over(&browser.get("/oauth/links/verify").await);
}

#[tokio::test]
async fn the_page_says_that_an_address_is_another_accounts() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (eve, link) = given(&auth, &letters).await;
    auth.somebody("bob").await;
    auth.sql("update accounts set email = 'ada@example.org' where handle = 'bob'").await;
    let page = Browser::new(&auth).answer(&link, &[]).await;
    assert!(page.status == StatusCode::CONFLICT && page.body.contains("belongs to another account"), "{}", page.body);
    assert_eq!(email_of(&auth, &eve).await, json!(null));
}

#[tokio::test]
async fn the_page_gives_a_new_password_and_opening_it_does_not() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, link) = forgotten(&auth, &letters).await;
    let mut browser = Browser::new(&auth);
    for _ in 0..2 {
        let page = browser.get(&link).await;
        assert!(page.status == StatusCode::OK && page.body.contains("autocomplete=\"new-password\""), "{}", page.body);
        assert_guarded(&page);
    }
    assert_eq!(answer(auth.me(&ada.access_token)).await.0, StatusCode::OK);

    for (password, again) in [("short", "short"), ("passwordpassword", "passwordpassword"), (NEW, "quite another pasword")] {
        let page = browser.answer(&link, &[("password", password), ("again", again)]).await;
        assert!(page.body.contains("role=\"alert\"") && !page.body.contains(password), "{}", page.body);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
    }
    let done = browser.answer(&link, &[("password", NEW), ("again", NEW)]).await;
    assert!(done.status == StatusCode::OK && done.body.contains("@ada"), "{}", done.body);
    assert_guarded(&done);
    assert!(!browser.cookies.contains_key("__Host-session"), "nobody is signed in by a letter");
    auth.until_refused(&ada.access_token).await;
    assert_eq!(answer(auth.sign_in("ada", PASSWORD)).await.0, StatusCode::UNAUTHORIZED);
    let device = browser.cookies["__Host-device"].clone();
    let known = json!({"handle": "ada", "password": NEW, "device": device});
    let (status, body) = answer(auth.request(Method::POST, "/v1/sessions").json(&known)).await;
    assert_eq!((status, &body["device"]), (StatusCode::CREATED, &json!(device)), "the device is known");
    assert_over(&browser.get(&link).await);
}

#[tokio::test]
async fn a_link_that_ends_while_its_page_is_open_says_so() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (_, link) = forgotten(&auth, &letters).await;
    let mut browser = Browser::new(&auth);
    let csrf = browser.get(&link).await.csrf();
    auth.sql("update links set expires_at = now()").await;
    let late = browser.post(&link, &[("csrf", &*csrf), ("password", NEW), ("again", NEW)], &[]).await;
    assert_over(&late);
    assert_over(&browser.get(&link).await);
    assert_eq!(answer(auth.sign_in("ada", PASSWORD)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_form_that_is_not_of_this_browser_changes_nothing() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, link) = given(&auth, &letters).await;
    let (mut browser, mut stranger) = (Browser::new(&auth), Browser::new(&auth));
    let strangers = stranger.get(&link).await.csrf();
    assert_eq!(browser.post(&link, &[("csrf", &*strangers)], &[]).await.status, StatusCode::FORBIDDEN, "no cookie came along");
    let csrf = browser.get(&link).await.csrf();
    for csrf in ["", "guessed", &*strangers] {
        assert_eq!(browser.post(&link, &[("csrf", csrf)], &[]).await.status, StatusCode::FORBIDDEN);
    }
    for (name, value) in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")] {
        let page = browser.post(&link, &[("csrf", &*csrf)], &[(name, value)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert_guarded(&page);
    }
    assert_eq!(browser.post(&link, &[], &[]).await.status, StatusCode::FORBIDDEN, "no form");
    assert_eq!((email_of(&auth, &ada).await, auth.count("links").await), (json!(null), 1));

    // A page that tells nobody where it is, is nameless to its own server, too.
    let own = browser.post(&link, &[("csrf", &*csrf)], &[("origin", "null"), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.body);
    assert_eq!(email_of(&auth, &ada).await, ADDRESS);
}

#[tokio::test]
async fn the_link_of_one_purpose_is_not_good_for_the_other() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (_, link) = forgotten(&auth, &letters).await;
    assert_over(&Browser::new(&auth).get(&link.replace("/reset?", "/verify?")).await);
    assert_eq!(Browser::new(&auth).get(&link).await.status, StatusCode::OK);
}
