//! What somebody cannot do who has a session and the password of somebody else, and not their second factor.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::brute_force::counted;
use crate::letters::Letters;
use crate::passkeys::{add, add_with, sign_in_options};
use crate::provider::Browser;
use crate::second_factor::with_app;
use crate::support::{PASSWORD, TestAuth, Tokens, answer};

/// Sends a body with the password, and with more.
async fn send(auth: &TestAuth, who: &Tokens, (method, path): (Method, &str), bodies: [&Value; 2]) -> (StatusCode, Value) {
    let mut body = json!({"password": PASSWORD});
    for more in bodies {
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    answer(auth.of(who, method, path).json(&body)).await
}

/// How much there is of what must not change.
async fn there(auth: &TestAuth) -> Vec<i64> {
    let mut counts = Vec::new();
    let events = "security_events where kind = 'PasswordChanged'";
    for table in ["passkeys", "passkey_challenges where account_id is not null", "recovery_codes", "links", "totp", events] {
        counts.push(auth.count(table).await);
    }
    counts
}

#[tokio::test]
async fn the_second_factor_is_asked_for_before_it_the_address_or_the_password_changes() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, app, codes) = with_app(&auth).await;
    let (mut key, mut eves) = (Authenticator::new(), Authenticator::new());
    let passkey = add_with(&auth, &ada, &mut key, json!({"password": PASSWORD, "code": codes[0]})).await;
    add(&auth, &auth.somebody("eve").await, &mut eves).await;

    let path = format!("/v1/accounts/me/passkeys/{}", passkey["id"].as_str().unwrap());
    let (nothing, address) = (json!({}), json!({"email": "ada@example.org"}));
    // To the same, so that what comes after it goes on.
    let password = json!({"current": PASSWORD, "password": PASSWORD});
    for (method, path, body, done) in [
        (Method::POST, "/v1/accounts/me/recovery-codes", &nothing, StatusCode::CREATED),
        (Method::POST, "/v1/accounts/me/passkeys/challenges", &nothing, StatusCode::CREATED),
        (Method::PUT, "/v1/accounts/me/email", &address, StatusCode::ACCEPTED),
        (Method::PUT, "/v1/accounts/me/password", &password, StatusCode::NO_CONTENT),
        (Method::DELETE, &*path, &nothing, StatusCode::NO_CONTENT),
    ] {
        let before = there(&auth).await;
        let eves = json!({"passkey": eves.get(&sign_in_options(&auth).await)});
        for wrong in [&nothing, &json!({"code": app.code(5)}), &eves] {
            let (status, problem) = send(&auth, &ada, (method.clone(), path), [body, wrong]).await;
            let answered = (status, &problem["errors"][0]["field"]);
            assert_eq!(answered, (StatusCode::UNPROCESSABLE_ENTITY, &json!("code")), "{method} {path} with {wrong}");
        }
        assert_eq!(there(&auth).await, before, "{method} {path}");
        let right = json!({"passkey": key.get(&sign_in_options(&auth).await)});
        let (status, body) = send(&auth, &ada, (method.clone(), path), [body, &right]).await;
        assert_eq!(status, done, "{method} {path}: {body}");
    }
    assert_eq!(auth.count("passkeys").await, 1, "the other one is eve's");
}

#[tokio::test]
async fn an_app_is_added_beside_a_passkey_by_whoever_has_that() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut key = Authenticator::new();
    let added = add(&auth, &ada, &mut key).await;
    let (route, nothing) = ((Method::POST, "/v1/accounts/me/totp"), json!({}));
    let (status, problem) = send(&auth, &ada, route.clone(), [&nothing; 2]).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("code")));
    assert_eq!(auth.count("totp").await, 0);
    let passkey = json!({"passkey": key.get(&sign_in_options(&auth).await)});
    for right in [passkey, json!({"code": added["recovery_codes"][0]})] {
        let (status, offer) = send(&auth, &ada, route.clone(), [&nothing, &right]).await;
        assert_eq!(status, StatusCode::CREATED, "{offer}");
    }
}

#[tokio::test]
async fn guesses_at_the_second_factor_by_whoever_has_the_rest_end() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    let (route, nothing) = ((Method::POST, "/v1/accounts/me/recovery-codes"), json!({}));
    for _ in 0..2 {
        // Whoever sends nothing guesses at nothing.
        assert_eq!(send(&auth, &ada, route.clone(), [&nothing; 2]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let wrong = json!({"code": "0000-0000-0000-0000"});
    assert_eq!(send(&auth, &ada, route.clone(), [&nothing, &wrong]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    // The password is right each time, and does not count: two are the session's own, and ten all sessions have in common.
    assert_eq!((counted(&auth, "CodeOfSession").await, counted(&auth, "PasswordOfSession").await), (vec![1], vec![0]));
    for _ in 0..11 {
        assert_eq!(send(&auth, &ada, route.clone(), [&nothing, &wrong]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = json!({"code": codes[0]});
    assert_eq!(send(&auth, &ada, route, [&nothing, &right]).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(auth.count("recovery_codes").await, 10);
}

#[tokio::test]
async fn on_the_page_passkeys_change_for_whoever_has_signed_in_just_now() {
    const PAGE: &str = "/oauth/passkeys";
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut key = Authenticator::new();
    let id = add(&auth, &ada, &mut key).await["id"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&auth);
    let passkey = key.get(&sign_in_options(&auth).await).to_string();
    assert_eq!(browser.answer(PAGE, &[("action", "passkey"), ("passkey", &*passkey)]).await.location(), PAGE);

    auth.sql("update sessions set created_at = created_at - interval '6 minutes'").await;
    let remove = [("action", "remove"), ("id", &*id), ("password", PASSWORD)];
    for fields in [remove, [("action", "ask"), ("name", "Another"), ("password", PASSWORD)]] {
        let page = browser.answer(PAGE, &fields).await;
        assert!(page.status == StatusCode::UNAUTHORIZED && page.body.contains("Sign in once more"), "{}", page.body);
    }
    assert_eq!((auth.count("passkeys").await, auth.count("passkey_challenges").await), (1, 0));
    let rename = [("action", "rename"), ("id", &*id), ("name", "The key")];
    assert_eq!(browser.answer(PAGE, &rename).await.location(), PAGE, "a name opens nothing");

    let passkey = key.get(&sign_in_options(&auth).await).to_string();
    assert_eq!(browser.answer(PAGE, &[("action", "passkey"), ("passkey", &*passkey)]).await.location(), PAGE);
    assert_eq!(browser.answer(PAGE, &remove).await.location(), PAGE);
    assert_eq!(auth.count("passkeys").await, 0);
    // Whoever has no second factor is not asked for any.
    auth.sql("update sessions set created_at = created_at - interval '6 minutes'").await;
    assert_eq!(browser.answer(PAGE, &[("action", "ask"), ("name", "Another"), ("password", PASSWORD)]).await.status, StatusCode::OK);
}
