//! The page of one's passkeys: what its script sends, sent by hand.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::passkeys::{self, sign_in_options};
use crate::provider::{App, Browser, Page};
use crate::support::{PASSWORD, TestAuth, Tokens, answer};

const PAGE: &str = "/oauth/passkeys";
const WRONG: &str = "not her password, not at all";

/// Ada, and her browser, in which she has signed in on the page.
async fn stage() -> (TestAuth, Tokens, Browser) {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let browser = signed_in(&auth, "ada").await;
    (auth, ada, browser)
}

async fn signed_in(auth: &TestAuth, handle: &str) -> Browser {
    let mut browser = Browser::new(auth);
    let page = browser.answer(PAGE, &[("action", "sign_in"), ("handle", handle), ("password", PASSWORD)]).await;
    assert_eq!(page.location(), PAGE);
    browser
}

/// The page that makes a passkey, which may run the one script that is in it.
async fn making(browser: &mut Browser, name: &str) -> Page {
    let page = browser.answer(PAGE, &[("action", "ask"), ("name", name), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (before, rest) = page.body.split_once("<script>").expect("a script");
    let (script, after) = rest.split_once("</script>").expect("its end");
    assert!(!before.contains("<script") && !after.contains("<script"), "{}", page.body);
    let policy = page.header("content-security-policy");
    let hash = BASE64_STANDARD.encode(digest(&SHA256, script.as_bytes()));
    for rule in [&*format!("script-src 'sha256-{hash}';"), "default-src 'none';", "form-action 'self';", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("connect-src"), "{policy}");
    // Without the script, the page offers nothing that does not work, and says so.
    assert!(page.body.contains("id=\"new-passkey\"") && page.body.contains(" hidden>"), "{}", page.body);
    assert!(page.body.contains("<p id=\"passkey-missing\">"), "{}", page.body);
    page
}

/// Sends what an authenticator answered.
async fn send(browser: &mut Browser, page: &Page, name: &str, credential: &Value) -> Page {
    let (csrf, credential) = (page.csrf(), credential.to_string());
    let fields = [("csrf", &*csrf), ("action", "add"), ("name", name), ("credential", &*credential)];
    browser.post(PAGE, &fields, &[("origin", crate::support::ISSUER)]).await
}

/// Adds a passkey on the page.
async fn add(browser: &mut Browser, authenticator: &mut Authenticator, name: &str) -> Page {
    let page = making(browser, name).await;
    let credential = authenticator.create(&page.options());
    send(browser, &page, name, &credential).await
}

async fn signs_in(auth: &TestAuth, authenticator: &mut Authenticator) -> bool {
    let credential = json!({"credential": authenticator.get(&sign_in_options(auth).await)});
    answer(auth.request(Method::POST, "/v1/sessions/passkey").json(&credential)).await.0 == StatusCode::CREATED
}

/// The page again, with what went wrong.
fn assert_refused(page: &Page, status: StatusCode) {
    assert_eq!(page.status, status, "{}", page.body);
    assert!(page.body.contains("role=\"alert\"") && page.body.contains("Your passkeys"), "{}", page.body);
    assert!(!page.body.contains("<script") && !page.header("content-security-policy").contains("script-src"));
}

#[tokio::test]
async fn a_passkey_that_is_added_on_the_page_signs_in() {
    let (auth, ada, mut browser) = stage().await;
    let (mut phone, mut key) = (Authenticator::new(), Authenticator::new());
    let first = add(&mut browser, &mut phone, "My phone").await;
    assert_eq!((first.status, first.body.matches("<code>").count()), (StatusCode::OK, 10), "{}", first.body);
    assert!(first.body.contains("role=\"status\"") && first.header("cache-control") == "no-store");
    assert_eq!(first.link("I have written them down"), PAGE);
    assert_eq!(add(&mut browser, &mut key, "<b>key</b>").await.location(), PAGE, "those of before are good still");

    let page = browser.get(PAGE).await;
    assert!(page.body.contains("<h2>My phone</h2>") && page.body.contains("<h2>&#60;b&#62;key&#60;/b&#62;</h2>"), "{}", page.body);
    assert!(page.body.contains("@ada") && !page.body.contains("<code>"), "{}", page.body);
    assert!(signs_in(&auth, &mut phone).await && signs_in(&auth, &mut key).await);
    let has = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/second-factor")).await.1;
    assert_eq!(has, json!({"on": true, "totp": false, "passkeys": 2, "recovery_codes": 10}));
    let (_, events) = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/security-events")).await;
    assert_eq!(events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "PasskeyAdded").count(), 2);
}

#[tokio::test]
async fn adding_on_the_page_takes_the_password_and_a_name() {
    let (auth, _, mut browser) = stage().await;
    for (name, password) in [("My phone", WRONG), ("", PASSWORD), (" ", PASSWORD), (&*"x".repeat(101), PASSWORD)] {
        let page = browser.answer(PAGE, &[("action", "ask"), ("name", name), ("password", password)]).await;
        assert_refused(&page, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_refused(&browser.answer(PAGE, &[("action", "ask"), ("name", "My phone")]).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(auth.count("passkey_challenges").await, 0);
    let ask = |password| [("action", "ask"), ("name", "My phone"), ("password", password)];
    auth.sql("update attempts set count = 10 where kind = 'PasswordOfSession'").await;
    assert_refused(&browser.answer(PAGE, &ask(WRONG)).await, StatusCode::UNPROCESSABLE_ENTITY);
    auth.sql("update attempts set count = 50 where kind = 'PasswordsOfSessions'").await;
    let page = browser.answer(PAGE, &ask(PASSWORD)).await;
    assert_refused(&page, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header("retry-after").is_empty());
}

#[tokio::test]
async fn only_the_answer_to_ones_own_challenge_is_added() {
    let (auth, _, mut browser) = stage().await;
    auth.somebody("eve").await;
    let mut eves = signed_in(&auth, "eve").await;
    let mut phone = Authenticator::new();
    let (page, eves_page) = (making(&mut browser, "My phone").await, making(&mut eves, "Mine").await);
    let credential = phone.create(&page.options());
    for wrong in [json!("no JSON"), json!({}), phone.get(&page.options()), phone.create(&json!({"challenge": "AAAA", "user": {}}))] {
        assert_refused(&send(&mut browser, &page, "My phone", &wrong).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_refused(&send(&mut eves, &eves_page, "Mine", &credential).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(auth.count("passkeys").await, 0);
    assert_eq!(send(&mut browser, &page, "My phone", &credential).await.status, StatusCode::OK);
    assert_refused(&send(&mut browser, &page, "My phone", &credential).await, StatusCode::UNPROCESSABLE_ENTITY);
    let again = making(&mut browser, "The same").await;
    assert_eq!(again.options()["excludeCredentials"][0]["id"], credential["id"], "an authenticator is told what it has");
    assert_refused(&send(&mut browser, &again, "The same", &phone.create(&again.options())).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn passkeys_are_named_and_removed_on_the_page() {
    let (auth, ada, mut browser) = stage().await;
    let eve = auth.somebody("eve").await;
    let (mut phone, mut key, mut eves) = (Authenticator::new(), Authenticator::new(), Authenticator::new());
    let id = |passkey: &Value| passkey["id"].as_str().unwrap().to_owned();
    let first = id(&passkeys::add(&auth, &ada, &mut phone).await);
    let proof = passkeys::with_passkey(&auth, &mut phone).await;
    let second = id(&passkeys::add_with(&auth, &ada, &mut key, proof).await);
    let others = id(&passkeys::add(&auth, &eve, &mut eves).await);

    let rename = |id, name| [("action", "rename"), ("id", id), ("name", name)];
    assert_eq!(browser.answer(PAGE, &rename(&first, " The old phone ")).await.location(), PAGE);
    assert_refused(&browser.answer(PAGE, &rename(&first, "")).await, StatusCode::UNPROCESSABLE_ENTITY);
    for nobodys in [&*others, "0", "7"] {
        assert_eq!(browser.answer(PAGE, &rename(nobodys, "mine")).await.location(), PAGE);
    }
    let (_, listed) = answer(auth.of(&eve, Method::GET, "/v1/accounts/me/passkeys")).await;
    assert_eq!(listed["items"][0]["name"], "My phone", "another's is not hers to name");

    let page = browser.get(PAGE).await;
    assert!(page.body.contains("<h2>The old phone</h2>") && page.body.contains("<h2>My phone</h2>"), "{}", page.body);
    let remove = |id, password| [("action", "remove"), ("id", id), ("password", password)];
    assert_refused(&browser.answer(PAGE, &remove(&first, WRONG)).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.answer(PAGE, &remove(&others, PASSWORD)).await.location(), PAGE);
    assert_eq!(auth.count("passkeys").await, 3);
    assert_eq!(browser.answer(PAGE, &remove(&first, PASSWORD)).await.location(), PAGE);
    assert!(!signs_in(&auth, &mut phone).await && signs_in(&auth, &mut key).await && signs_in(&auth, &mut eves).await);

    // The last one goes with a long password only.
    let passkey = key.get(&sign_in_options(&auth).await);
    let change = json!({"current": PASSWORD, "password": "kjw7 pqz", "passkey": passkey});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&change)).await.0, StatusCode::NO_CONTENT);
    assert!(browser.get(PAGE).await.body.contains("Sign in"), "the browser's session has ended with the others");
    let passkey = key.get(&sign_in_options(&auth).await).to_string();
    assert_eq!(browser.answer(PAGE, &[("action", "passkey"), ("passkey", &*passkey)]).await.location(), PAGE);
    assert_refused(&browser.answer(PAGE, &remove(&second, "kjw7 pqz")).await, StatusCode::CONFLICT);
    assert_eq!(auth.count("passkeys").await, 2);
}

#[tokio::test]
async fn nobody_sees_or_changes_passkeys_without_signing_in() {
    let (auth, ada, mut browser) = stage().await;
    let added = passkeys::add(&auth, &ada, &mut Authenticator::new()).await;
    let mut visitor = Browser::new(&auth);
    let page = visitor.get(PAGE).await;
    assert!(page.body.contains("type=\"password\"") && page.body.contains("platform.test"), "{}", page.body);
    assert!(!page.body.contains("My phone") && !page.body.contains("@ada"), "{}", page.body);
    let (csrf, id) = (page.csrf(), added["id"].as_str().unwrap());
    for action in ["ask", "add", "rename", "remove", "sign_out"] {
        let fields = [("csrf", &*csrf), ("action", action), ("id", id), ("name", "mine"), ("password", PASSWORD), ("credential", "{}")];
        assert_eq!(visitor.post(PAGE, &fields, &[]).await.location(), PAGE, "{action}");
    }
    let wrong = visitor.answer(PAGE, &[("action", "sign_in"), ("handle", "ada"), ("password", WRONG)]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.body.contains("role=\"alert\""), "{}", wrong.body);
    let half = visitor.answer(PAGE, &[("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)]).await;
    assert!(half.status == StatusCode::OK && half.body.contains("One more step"), "{}", half.body);
    assert!(visitor.get(PAGE).await.body.contains("type=\"password\""), "half is not enough");
    assert!(browser.get(PAGE).await.body.contains("<h2>My phone</h2>"));

    // Who has signed out is a visitor.
    let kept = browser.cookies.clone();
    assert_eq!(browser.answer(PAGE, &[("action", "sign_out")]).await.location(), PAGE);
    browser.cookies = kept;
    assert!(!browser.get(PAGE).await.body.contains("My phone"));
}

#[tokio::test]
async fn a_passkey_opens_its_own_page() {
    let (auth, ada, _) = stage().await;
    let mut phone = Authenticator::new();
    passkeys::add(&auth, &ada, &mut phone).await;
    let mut browser = Browser::new(&auth);
    let passkey = phone.get(&sign_in_options(&auth).await).to_string();
    assert_eq!(browser.answer(PAGE, &[("action", "passkey"), ("passkey", &*passkey)]).await.location(), PAGE);
    assert!(browser.get(PAGE).await.body.contains("<h2>My phone</h2>"));
}

#[tokio::test]
async fn a_form_that_is_not_of_this_browser_changes_no_passkey() {
    let (auth, ada, mut browser) = stage().await;
    let added = passkeys::add(&auth, &ada, &mut Authenticator::new()).await;
    let id = added["id"].as_str().unwrap();
    let strangers = Browser::new(&auth).get(PAGE).await.csrf();
    let csrf = browser.get(PAGE).await.csrf();
    let with = |csrf| [("csrf", csrf), ("action", "remove"), ("id", id), ("password", PASSWORD)];
    for csrf in ["", "guessed", &*strangers] {
        assert_eq!(browser.post(PAGE, &with(csrf), &[]).await.status, StatusCode::FORBIDDEN);
    }
    for (name, value) in [("origin", "https://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let page = browser.post(PAGE, &with(&csrf), &[(name, value)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(auth.count("passkeys").await, 1);
    assert_eq!(browser.post(PAGE, &with(&csrf), &[]).await.location(), PAGE);
    assert_eq!(auth.count("passkeys").await, 0);
}

#[tokio::test]
async fn the_pages_of_an_app_lead_to_ones_passkeys_and_back() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    let mut browser = Browser::new(&auth);
    let own = browser.get(&path).await.link("Sign in to see your passkeys");
    assert_eq!(browser.get(&own).await.link("Go back to your app"), path);
    let right = browser.answer(&own, &[("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)]).await;
    assert_eq!(right.location(), own);
    assert_eq!(browser.get(&own).await.link("Go back to your app"), path);

    let consent = browser.get(&path).await;
    assert!(consent.body.contains("An app"), "{}", consent.body);
    assert_eq!(consent.link("Add, name or remove your passkeys"), own);
    let made = browser.answer(&own, &[("action", "ask"), ("name", "My phone"), ("password", PASSWORD)]).await;
    assert_eq!(made.link("Go back without a new passkey"), own);
    browser.allow(&path).await;
}
