//! Somebody who leaves signs in on a page, and is asked whether they stay.

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::passkeys::{self, sign_in_options};
use crate::provider::{App, Browser, Page};
use crate::second_factor::with_app;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually};

const SIGN_IN: [(&str, &str); 3] = [("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)];

async fn leave(auth: &TestAuth, who: &Tokens, code: Option<&str>) {
    let wish = json!({"password": PASSWORD, "code": code});
    let (status, body) = answer(auth.of(who, Method::DELETE, "/v1/accounts/me").json(&wish)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

async fn authorize(auth: &TestAuth) -> String {
    App::with_scope(auth, "accounts:read").await.authorize(&[])
}

/// Ada, who leaves, and where an app sends her.
async fn stage() -> (TestAuth, String) {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    leave(&auth, &ada, None).await;
    let path = authorize(&auth).await;
    (auth, path)
}

/// The page that asks. Nobody is signed in by then.
fn assert_asks(page: &Page, browser: &Browser) {
    assert!(page.status == StatusCode::OK && page.body.contains("Keep your account?"), "{} {}", page.status, page.body);
    assert!(!page.body.contains("<script") && page.header("cache-control") == "no-store", "{}", page.body);
    assert!(!browser.cookies.contains_key("__Host-session"), "nobody is signed in by a question");
}

/// Answers the page that asks.
async fn keep(browser: &mut Browser, path: &str, page: &Page) -> Page {
    let (csrf, challenge) = (page.csrf(), page.challenge());
    let fields = [("csrf", &*csrf), ("action", "keep"), ("challenge", &*challenge)];
    browser.post(path, &fields, &[("origin", crate::support::ISSUER)]).await
}

/// The page to sign in on, and nobody signed in.
fn assert_over(page: &Page, browser: &Browser) {
    assert!(page.status.is_client_error() && page.body.contains("type=\"password\""), "{} {}", page.status, page.body);
    assert!(page.body.contains("role=\"alert\"") && !browser.cookies.contains_key("__Host-session"), "{}", page.body);
}

#[tokio::test]
async fn whoever_leaves_is_asked_on_the_page_and_goes_on_to_the_app_when_they_stay() {
    let (auth, path) = stage().await;
    let until = r#"select to_char(erase_at at time zone 'UTC', 'FMDD FMMonth YYYY "at" HH24:MI "UTC"') from erasures"#;
    let until: String = sqlx::query_scalar(until).fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
    let mut browser = Browser::new(&auth);
    let asked = browser.answer(&path, &SIGN_IN).await;
    assert_asks(&asked, &browser);
    assert!(asked.body.contains(&until), "{until}: {}", asked.body);
    assert!(asked.header("content-security-policy").contains("form-action 'self' https://app.test;"));
    assert_eq!(auth.count("erasures").await, 1);

    let kept = keep(&mut browser, &path, &asked).await;
    let consent = kept.location().to_owned();
    assert!(consent.starts_with("/oauth/authorize?"), "{consent}");
    assert!(browser.get(&consent).await.body.contains("An app"));
    browser.allow(&path).await;
    assert_eq!((auth.count("erasures").await, auth.count("keep_challenges").await), (0, 0));
    let ada = auth.session("ada").await;
    let (_, events) = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/security-events")).await;
    assert!(events["items"].as_array().unwrap().iter().any(|event| event["kind"] == "ErasureCanceled"), "{events}");
}

#[tokio::test]
async fn whoever_does_not_stay_goes_back_to_the_app_and_still_leaves() {
    let (auth, path) = stage().await;
    let mut browser = Browser::new(&auth);
    let asked = browser.answer(&path, &SIGN_IN).await;
    assert_asks(&asked, &browser);
    let back = browser.post(&path, &[("csrf", &*asked.csrf()), ("action", "deny")], &[]).await.answered();
    assert_eq!(back["error"], "access_denied");
    assert_eq!(auth.count("erasures").await, 1);
    assert_eq!(answer(auth.sign_in("ada", PASSWORD)).await.0, StatusCode::CONFLICT);

    // On a page of ours there is no app to go back to.
    let own = browser.answer("/oauth/passkeys", &SIGN_IN).await;
    assert_asks(&own, &browser);
    assert_eq!(own.link("Do not keep it"), "/oauth/passkeys");
    assert_eq!(keep(&mut browser, "/oauth/passkeys", &own).await.location(), "/oauth/passkeys");
    assert!(browser.get("/oauth/passkeys").await.body.contains("@ada"));
}

#[tokio::test]
async fn whoever_was_suspended_meanwhile_stays_and_stays_out() {
    let (auth, path) = stage().await;
    auth.sql("update accounts set suspended_reason = 'spam, again' where state = 'Leaving'").await;
    let mut browser = Browser::new(&auth);
    let asked = browser.answer(&path, &SIGN_IN).await;
    assert_asks(&asked, &browser);
    let kept = keep(&mut browser, &path, &asked).await;
    assert_over(&kept, &browser);
    assert!(kept.body.contains("spam, again"), "{}", kept.body);
    assert_eq!((auth.count("erasures").await, auth.count("accounts where state = 'Suspended'").await), (0, 1));
}

#[tokio::test]
async fn a_wrong_password_says_nothing_of_leaving() {
    let (auth, path) = stage().await;
    auth.somebody("bob").await;
    let mut pages = Vec::new();
    for handle in ["ada", "bob", "nobody_here"] {
        let fields = [("action", "sign_in"), ("handle", handle), ("password", "not the password, not at all")];
        let mut browser = Browser::new(&auth);
        let page = browser.answer(&path, &fields).await;
        assert_over(&page, &browser);
        pages.push((page.status, page.body.replace(&page.csrf(), "…").replace(&format!("value=\"{handle}\""), "…")));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    assert_eq!(auth.count("keep_challenges").await, 0);
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_asked_after_it() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    leave(&auth, &ada, Some(&codes[0])).await;
    let path = authorize(&auth).await;
    let mut browser = Browser::new(&auth);
    let half = browser.answer(&path, &SIGN_IN).await;
    assert!(half.body.contains("One more step") && !half.body.contains("Keep your account?"), "{}", half.body);
    // What the password alone is answered with keeps nothing.
    assert_over(&keep(&mut browser, &path, &half).await, &browser);
    assert_eq!((auth.count("erasures").await, auth.count("keep_challenges").await), (1, 0));

    let half = browser.answer(&path, &SIGN_IN).await;
    let (csrf, challenge) = (half.csrf(), half.challenge());
    let fields = [("csrf", &*csrf), ("action", "second_factor"), ("challenge", &*challenge), ("code", &*codes[1])];
    let asked = browser.post(&path, &fields, &[]).await;
    assert_asks(&asked, &browser);
    assert!(keep(&mut browser, &path, &asked).await.location().starts_with("/oauth/authorize?"));
    assert_eq!(auth.count("erasures").await, 0);
    let details = "select details from security_events where kind = 'SignedIn' order by id desc limit 1";
    let details: Value = sqlx::query_scalar(details).fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
    assert_eq!(details["second_factor"], "recovery_code");
}

#[tokio::test]
async fn whoever_shows_a_passkey_is_asked_too() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    let added = passkeys::add(&auth, &ada, &mut phone).await;
    leave(&auth, &ada, added["recovery_codes"][0].as_str()).await;
    let path = authorize(&auth).await;
    let mut browser = Browser::new(&auth);
    let passkey = phone.get(&sign_in_options(&auth).await).to_string();
    let asked = browser.answer(&path, &[("action", "passkey"), ("passkey", &*passkey)]).await;
    assert_asks(&asked, &browser);
    assert!(keep(&mut browser, &path, &asked).await.location().starts_with("/oauth/authorize?"));
    assert_eq!(auth.count("erasures").await, 0);
}

#[tokio::test]
async fn the_question_is_good_once_for_five_minutes_and_for_one_password() {
    let (auth, path) = stage().await;
    auth.somebody("bob").await;
    let mut browser = Browser::new(&auth);
    for spoiled in [
        "update keep_challenges set expires_at = now()",
        "update accounts set password_hash = (select password_hash from accounts where handle = 'bob') where handle = 'ada'",
        "delete from keep_challenges",
    ] {
        let asked = browser.answer(&path, &SIGN_IN).await;
        assert_asks(&asked, &browser);
        auth.sql(spoiled).await;
        assert_over(&keep(&mut browser, &path, &asked).await, &browser);
        assert_eq!(auth.count("erasures").await, 1, "{spoiled}");
    }
    let asked = browser.answer(&path, &SIGN_IN).await;
    assert!(keep(&mut browser, &path, &asked).await.location().starts_with("/oauth/authorize?"));
    let sessions = auth.count("sessions").await;
    let (csrf, challenge) = (browser.get(&path).await.csrf(), asked.challenge());
    let again = browser.post(&path, &[("csrf", &*csrf), ("action", "keep"), ("challenge", &*challenge)], &[]).await;
    assert_eq!((again.status, auth.count("sessions").await), (StatusCode::CONFLICT, sessions));
}

#[tokio::test]
async fn a_form_that_is_not_of_this_browser_keeps_nothing() {
    let (auth, path) = stage().await;
    let (mut browser, mut stranger) = (Browser::new(&auth), Browser::new(&auth));
    let strangers = stranger.get(&path).await.csrf();
    let asked = browser.answer(&path, &SIGN_IN).await;
    let challenge = asked.challenge();
    for csrf in ["", "guessed", &*strangers] {
        let page = browser.post(&path, &[("csrf", csrf), ("action", "keep"), ("challenge", &*challenge)], &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(auth.count("erasures").await, 1);
    assert!(keep(&mut browser, &path, &asked).await.location().starts_with("/oauth/authorize?"));
}

#[tokio::test]
async fn it_can_be_too_late_to_stay() {
    let (auth, path) = stage().await;
    let mut browser = Browser::new(&auth);
    let asked = browser.answer(&path, &SIGN_IN).await;
    assert_asks(&asked, &browser);
    auth.sql("update erasures set erase_at = now()").await;
    eventually("the account is erased", async || auth.count("accounts").await == 0).await;
    assert_over(&keep(&mut browser, &path, &asked).await, &browser);
    assert_eq!((auth.count("sessions").await, auth.count("keep_challenges").await), (0, 0));
}
