//! The page for whoever has forgotten a password.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::letters::Letters;
use crate::provider::{App, Browser, Page};
use crate::support::{PASSWORD, TestAuth, answer, eventually};

const ADDRESS: &str = "ada@example.org";
const RESET: &str = "Choose a new password";
const NEW: &str = "quite another password";
const PAGE: &str = "/oauth/forgotten";

/// Ada, whose address is proved, on a platform that sends letters.
async fn stage(letters: &Letters) -> TestAuth {
    let auth = TestAuth::with(&[&letters.flag()]).await;
    auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    auth
}

async fn ask(browser: &mut Browser, whose: &str) -> Page {
    browser.answer(PAGE, &[("whose", whose)]).await
}

/// It runs nothing, and is kept nowhere.
fn assert_guarded(page: &Page) {
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'sha256-"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src") && !page.body.contains("<script"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("<main>") && page.body.contains("<h1>"));
}

#[tokio::test]
async fn the_page_to_sign_in_on_leads_to_a_new_password_and_back() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    let mut browser = Browser::new(&auth);
    let forgotten = browser.get(&path).await.link("Forgot your password?");
    let asked = browser.get(&forgotten).await;
    assert_guarded(&asked);
    assert_eq!((asked.status, asked.link("Back to the sign-in")), (StatusCode::OK, path.clone()));

    let sent = browser.answer(&forgotten, &[("whose", "ada")]).await;
    assert!(sent.status == StatusCode::OK && sent.body.contains("role=\"status\""), "{}", sent.body);
    assert_guarded(&sent);
    let link = letters.link(ADDRESS, RESET).await;
    assert_eq!(browser.answer(&link, &[("password", NEW), ("again", NEW)]).await.status, StatusCode::OK);

    let back = sent.link("Back to the sign-in");
    assert_eq!(back, path);
    let right = browser.answer(&back, &[("action", "sign_in"), ("handle", "ada"), ("password", NEW)]).await;
    let consent = right.location().to_owned();
    assert!(browser.get(&consent).await.body.contains("An app"));
}

#[tokio::test]
async fn a_handle_and_an_address_are_understood_however_they_are_typed() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    let mut browser = Browser::new(&auth);
    let subject = format!("Subject: {RESET}\r\n");
    let sent = || letters.to(ADDRESS).iter().filter(|letter| letter.contains(&subject)).count();
    for (before, typed) in ["ada", " @ADA ", ADDRESS, "Ada@EXAMPLE.org "].into_iter().enumerate() {
        assert_eq!(ask(&mut browser, typed).await.status, StatusCode::OK, "{typed}");
        eventually("the letter has come", async || sent() == before + 1).await;
    }
    for typed in ["", "@", "a b", "ädä", "not an address@", "ada@example.org\r\nBcc: eve@example.org"] {
        let page = ask(&mut browser, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("name=\"whose\""), "{}", page.body);
        assert_guarded(&page);
    }
    assert_eq!(sent(), 4);
}

#[tokio::test]
async fn the_page_tells_nobody_whether_somebody_is_known() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    auth.somebody("bob").await;
    let mut answers = Vec::new();
    for typed in ["ada", "nobody", "bob", ADDRESS, "nobody@example.org"] {
        let page = ask(&mut Browser::new(&auth), typed).await;
        answers.push((page.status, page.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(auth.count("attempts where kind = 'MailTo' and count = 1").await, 5, "each was counted alike");
    eventually("all is done", async || auth.count("jobs").await == 0).await;
    assert_eq!(auth.count("links").await, 2, "bob has no address, and nobody has nothing");
    assert!(letters.to("nobody@example.org").is_empty(), "a stranger got a letter");
}

#[tokio::test]
async fn the_page_and_the_route_count_letters_together() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    let mut browser = Browser::new(&auth);
    let route = || auth.request(Method::POST, "/v1/accounts/password-resets").json(&json!({"email": "Nobody@example.org"}));
    for _ in 0..3 {
        assert_eq!(ask(&mut browser, "nobody@example.org").await.status, StatusCode::OK);
    }
    for _ in 0..2 {
        assert_eq!(answer(route()).await.0, StatusCode::ACCEPTED);
    }
    assert_eq!(answer(route()).await.0, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..5 {
        assert_eq!(ask(&mut browser, "nobody").await.status, StatusCode::OK);
    }
    for typed in ["nobody@example.org", "nobody", "@Nobody"] {
        let page = ask(&mut browser, typed).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{typed}");
        assert!(page.body.contains("role=\"alert\"") && !page.header("retry-after").is_empty(), "{}", page.body);
    }
    assert_eq!(ask(&mut browser, "somebody").await.status, StatusCode::OK);

    // Whoever asks for many is stopped, too.
    auth.sql("update attempts set count = 30 where kind = 'MailFrom'").await;
    assert_eq!(ask(&mut browser, "somebody_else").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_account_gets_ten_letters_a_day_whoever_asks_for_them() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    auth.sql(
        "insert into links (token_hash, purpose, account_id, email, expires_at)
         select sha256(n::text::bytea), 'PasswordReset', id, email, now() from accounts, generate_series(1, 9) n",
    )
    .await;
    let mut browser = Browser::new(&auth);
    let subject = format!("Subject: {RESET}\r\n");
    let sent = || letters.to(ADDRESS).iter().filter(|letter| letter.contains(&subject)).count();
    for typed in ["ada", ADDRESS, "ada"] {
        assert_eq!(ask(&mut browser, typed).await.status, StatusCode::OK, "the answer is the same");
        eventually("all is done", async || auth.count("jobs").await == 0).await;
        assert_eq!((sent(), auth.count("links").await), (1, 10));
    }
    auth.sql("update links set expires_at = expires_at - interval '1 day 1 hour'").await;
    assert_eq!(ask(&mut browser, "ada").await.status, StatusCode::OK);
    eventually("the letter has come", async || sent() == 2).await;
}

#[tokio::test]
async fn the_page_says_that_the_platform_sends_no_mail() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    let mut browser = Browser::new(&auth);
    let sign_in = browser.get(&path).await;
    let forgotten = sign_in.link("Forgot your password?");
    let page = browser.get(&forgotten).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("sends no mail") && !page.body.contains("<form"), "{}", page.body);
    assert_eq!(page.link("Back to the sign-in"), path);
    let csrf = sign_in.csrf();
    let sent = browser.post(&forgotten, &[("csrf", &*csrf), ("whose", "ada")], &[]).await;
    assert!(sent.status == StatusCode::CONFLICT && sent.body.contains("sends no mail"), "{}", sent.body);
    assert_eq!((auth.count("jobs").await, auth.count("attempts where kind = 'MailFrom'").await), (0, 0));
}

#[tokio::test]
async fn a_form_that_is_not_of_this_browser_asks_for_no_letter() {
    let letters = Letters::new();
    let auth = stage(&letters).await;
    let (mut browser, mut stranger) = (Browser::new(&auth), Browser::new(&auth));
    let strangers = stranger.get(PAGE).await.csrf();
    assert_eq!(browser.post(PAGE, &[("csrf", &*strangers), ("whose", "ada")], &[]).await.status, StatusCode::FORBIDDEN);
    let csrf = browser.get(PAGE).await.csrf();
    for csrf in ["", "guessed", &*strangers] {
        assert_eq!(browser.post(PAGE, &[("csrf", csrf), ("whose", "ada")], &[]).await.status, StatusCode::FORBIDDEN);
    }
    for (name, value) in [("origin", "https://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let page = browser.post(PAGE, &[("csrf", &*csrf), ("whose", "ada")], &[(name, value)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(browser.post(PAGE, &[("csrf", &*csrf)], &[]).await.status, StatusCode::FORBIDDEN, "half a form");
    assert_eq!(auth.count("attempts where kind = 'MailFrom'").await, 0);
    assert_eq!(browser.post(PAGE, &[("csrf", &*csrf), ("whose", "ada")], &[]).await.status, StatusCode::OK);
    assert!(letters.link(ADDRESS, RESET).await.starts_with("/oauth/links/reset?code="));
    assert_eq!(answer(auth.sign_in("ada", PASSWORD)).await.0, StatusCode::CREATED, "a letter alone changes nothing");
}
