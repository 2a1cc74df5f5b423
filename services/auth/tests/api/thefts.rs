//! What is good once, used twice, and what else happens to the sessions of apps: whose they are can read it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::provider::{App, Browser};
use crate::support::{TestAuth, Tokens, answer, eventually};

const ADDRESS: &str = "ada@example.org";

/// What happened to somebody's account, newest first.
async fn events(auth: &TestAuth, who: &Tokens) -> Vec<Value> {
    let (status, body) = answer(auth.of(who, Method::GET, "/v1/accounts/me/security-events")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["items"].as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// Waits until all letters have left: how many of this subject went to ada.
async fn told(auth: &TestAuth, letters: &Letters, subject: &str) -> usize {
    eventually("nothing is owed", async || auth.count("jobs").await == 0).await;
    let subject = format!("Subject: {subject}\r\n");
    letters.to(ADDRESS).iter().filter(|letter| letter.contains(&subject)).count()
}

#[tokio::test]
async fn a_refresh_token_used_twice_is_written_down_and_told_once() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (first, elsewhere) = (auth.somebody("ada").await, auth.session("ada").await);
    auth.sql("update accounts set email = 'ada@example.org'").await;
    let second = auth.refreshed(&first.refresh_token).await;
    auth.refreshed(&second.refresh_token).await;
    for _ in 0..2 {
        assert_eq!(answer(auth.refresh(&first.refresh_token)).await.0, StatusCode::BAD_REQUEST);
    }
    let events = events(&auth, &elsewhere).await;
    assert_eq!(kinds(&events), ["TokenReused", "SignedIn", "SignedIn", "SignedUp"]);
    assert_eq!(events[0]["details"], json!({"session": events[2]["details"]["session"], "client_id": null}));
    assert!(events[0]["source"].is_string(), "{events:?}");
    assert_eq!(told(&auth, &letters, "A session of yours was ended").await, 1);
}

#[tokio::test]
async fn a_code_used_twice_is_written_down_and_told_once() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    let app = App::with_scope(&auth, "accounts:read").await;
    let code = Browser::new(&auth).allowed(&app.authorize(&[]), "ada").await;
    assert_eq!(answer(app.redeem(&auth, &code)).await.0, StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(answer(app.redeem(&auth, &code)).await.0, StatusCode::BAD_REQUEST);
    }
    let events = events(&auth, &ada).await;
    assert_eq!(kinds(&events), ["CodeReused", "AppSignedIn", "AppAllowed", "SignedIn", "SignedIn", "SignedUp"]);
    assert_eq!((&events[0]["details"], &events[1]["details"]["client_id"]), (&events[1]["details"], &json!(app.id)));
    assert_eq!(told(&auth, &letters, "An app was signed out").await, 1);
}

#[tokio::test]
async fn what_an_app_gets_without_asking_again_and_gives_back_is_written_down() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let app = App::with_scope(&auth, "accounts:read").await;
    app.tokens_of(&auth, "ada", "accounts:read").await;
    let tokens = app.tokens_of(&auth, "ada", "accounts:read").await;
    for _ in 0..2 {
        let revoke = app.post(&auth, "/oauth/revoke", &[("token", tokens["access_token"].as_str().unwrap())]);
        assert_eq!(answer(revoke).await.0, StatusCode::OK);
    }
    let events = events(&auth, &ada).await;
    assert_eq!(kinds(&events)[..6], ["TokenRevoked", "AppSignedIn", "SignedIn", "AppSignedIn", "AppAllowed", "SignedIn"]);
    assert_eq!(events[0]["details"], events[1]["details"]);
}

#[tokio::test]
async fn a_passkey_that_proves_nothing_is_written_down() {
    let auth = TestAuth::spawn().await;
    let body = json!({"credential": {"id": "nonsense"}});
    let failed = auth.request(Method::POST, "/v1/sessions/passkey").json(&body);
    assert_eq!(answer(failed).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(auth.count("security_events where kind = 'SignInFailed' and account is null and source is not null").await, 1);
}
