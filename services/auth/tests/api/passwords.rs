use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::letters::Letters;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

pub const ADDRESS: &str = "ada@example.org";
pub const NEW: &str = "quite another password";
const RESET: &str = "Choose a new password";

pub fn change(auth: &TestAuth, who: &Tokens, current: &str, password: &str) -> RequestBuilder {
    auth.of(who, Method::PUT, "/v1/accounts/me/password").json(&json!({"current": current, "password": password}))
}

pub fn ask(auth: &TestAuth, email: &str) -> RequestBuilder {
    auth.request(Method::POST, "/v1/accounts/password-resets").json(&json!({"email": email}))
}

pub fn reset(auth: &TestAuth, token: &str, password: &str) -> RequestBuilder {
    auth.request(Method::PUT, &format!("/v1/accounts/password-resets/{token}")).json(&json!({"password": password}))
}

async fn signs_in(auth: &TestAuth, password: &str) -> bool {
    answer(auth.sign_in("ada", password)).await.0 == StatusCode::CREATED
}

/// Ada, whose address is proved.
async fn with_address(auth: &TestAuth, letters: &Letters) -> Tokens {
    let ada = auth.somebody("ada").await;
    let email = json!({"email": ADDRESS, "password": PASSWORD});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/email").json(&email)).await.0, StatusCode::ACCEPTED);
    let token = letters.token(ADDRESS, "Is this your address?").await;
    let verify = auth.request(Method::POST, &format!("/v1/accounts/email-verifications/{token}"));
    assert_eq!(answer(verify).await.0, StatusCode::NO_CONTENT);
    ada
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    assert_eq!(answer(change(&auth, &here, PASSWORD, NEW)).await, (StatusCode::NO_CONTENT, Value::Null));

    auth.until_refused(&there.access_token).await;
    let (status, error) = answer(auth.refresh(&there.refresh_token)).await;
    assert_eq!((status, &error["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    assert_eq!(answer(auth.me(&here.access_token)).await.0, StatusCode::OK);
    auth.refreshed(&here.refresh_token).await;
    assert!(signs_in(&auth, NEW).await && !signs_in(&auth, PASSWORD).await);
}

#[tokio::test]
async fn a_changed_password_leaves_the_device_that_asks_known_and_no_other() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    auth.somebody("bob").await;
    assert_eq!(answer(change(&auth, &here, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(auth.count("devices").await, 2, "hers and bob's");

    // Where strangers have guessed too often, only a device that is known comes in.
    auth.sql("update attempts set count = 100 where kind = 'Name'").await;
    let with = |device: &Option<String>| {
        auth.request(Method::POST, "/v1/sessions").json(&json!({"handle": "ada", "password": NEW, "device": device}))
    };
    assert_eq!(answer(with(&there.device)).await.0, StatusCode::TOO_MANY_REQUESTS);
    let (status, body) = answer(with(&here.device)).await;
    assert_eq!((status, &body["device"]), (StatusCode::CREATED, &json!(here.device)));
}

#[tokio::test]
async fn changing_a_password_takes_the_current_one_and_a_good_new_one() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    for (current, password, field) in
        [("not my password, not at all", NEW, "current"), (PASSWORD, "short", "password"), (PASSWORD, "passwordpassword", "password")]
    {
        let (status, problem) = answer(change(&auth, &ada, current, password)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{password}");
    }
    assert!(signs_in(&auth, PASSWORD).await);
}

#[tokio::test]
async fn whoever_has_somebodys_session_cannot_guess_the_password_with_it() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(change(&auth, &ada, "a guess, and a long one", NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    auth.sql("update attempts set count = 10 where kind = 'PasswordOfSession'").await;
    assert_eq!(answer(change(&auth, &ada, "one that all have in common", NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    auth.sql("update attempts set count = 50 where kind = 'PasswordsOfSessions'").await;
    for current in ["another guess, and a long one", PASSWORD] {
        let response = change(&auth, &ada, current, NEW).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(response.headers().contains_key("retry-after"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_with_the_old_password_does_not_outlive_the_change() {
    let auth = TestAuth::spawn().await;
    let here = auth.somebody("ada").await;
    let mut signing_in = JoinSet::new();
    for _ in 0..8 {
        let request = auth.sign_in("ada", PASSWORD);
        signing_in.spawn(async move { answer(request).await });
    }
    assert_eq!(answer(change(&auth, &here, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    for (status, body) in signing_in.join_all().await {
        if status == StatusCode::CREATED {
            let tokens: Tokens = serde_json::from_value(body).unwrap();
            assert_eq!(
                answer(auth.refresh(&tokens.refresh_token)).await.0,
                StatusCode::BAD_REQUEST,
                "a session of the old password lives on"
            );
        } else {
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_with_the_link_from_the_letter() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = with_address(&auth, &letters).await;
    // Whatever the case in which it is typed.
    assert_eq!(answer(ask(&auth, "Ada@EXAMPLE.org")).await, (StatusCode::ACCEPTED, Value::Null));
    let token = letters.token(ADDRESS, RESET).await;

    assert_eq!(answer(reset(&auth, &token, "short")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, body) = answer(reset(&auth, &token, NEW)).await;
    assert_eq!((status, &body["handle"]), (StatusCode::OK, &json!("ada")));
    assert!(body["device"].as_str().unwrap().starts_with("spdv_"));
    auth.until_refused(&ada.access_token).await;
    assert!(signs_in(&auth, NEW).await && !signs_in(&auth, PASSWORD).await);

    // Once.
    assert_eq!(answer(reset(&auth, &token, "yet another password of hers")).await.0, StatusCode::NOT_FOUND);
    assert!(signs_in(&auth, NEW).await);
    eventually("she is told", async || letters.to(ADDRESS).iter().any(|letter| letter.contains("Subject: Your password was changed")))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_link_at_once_one_can() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    with_address(&auth, &letters).await;
    ask(&auth, ADDRESS).send().await.unwrap();
    let token = letters.token(ADDRESS, RESET).await;
    let mut using = JoinSet::new();
    for n in 0..6 {
        let request = reset(&auth, &token, &format!("the new password number {n}"));
        using.spawn(async move { answer(request).await.0 });
    }
    let answers = using.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::NOT_FOUND).count(), 5, "{answers:?}");
}

#[tokio::test]
async fn a_link_ends_with_its_hour_and_with_the_password_that_it_was_for() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = with_address(&auth, &letters).await;
    ask(&auth, ADDRESS).send().await.unwrap();
    let token = letters.token(ADDRESS, RESET).await;
    auth.sql("update links set expires_at = expires_at - interval '1 hour'").await;
    assert_eq!(answer(reset(&auth, &token, NEW)).await.0, StatusCode::NOT_FOUND);

    auth.sql("update links set expires_at = expires_at + interval '1 hour'").await;
    assert_eq!(answer(change(&auth, &ada, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(reset(&auth, &token, "yet another password of hers")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn asking_for_a_link_tells_nobody_whether_the_address_is_known() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    with_address(&auth, &letters).await;
    let (known, unknown) = (answer(ask(&auth, ADDRESS)).await, answer(ask(&auth, "nobody@example.org")).await);
    assert_eq!(known, unknown);
    letters.token(ADDRESS, RESET).await;
    eventually("all is done", async || auth.count("jobs").await == 0).await;
    assert!(letters.to("nobody@example.org").is_empty(), "a stranger got a letter");
}

#[tokio::test]
async fn nobodys_mailbox_is_filled() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    for email in ["not an address", "", "ada@example.org\r\nBcc: eve@example.org"] {
        assert_eq!(answer(ask(&auth, email)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
    }
    for _ in 0..5 {
        assert_eq!(answer(ask(&auth, "nobody@example.org")).await.0, StatusCode::ACCEPTED);
    }
    for email in ["nobody@example.org", "NOBODY@Example.org"] {
        assert_eq!(answer(ask(&auth, email)).await.0, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(answer(ask(&auth, "somebody@example.org")).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_needs_mail_says_so_where_there_is_none() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let email = json!({"email": ADDRESS, "password": PASSWORD});
    let with_email = json!({"handle": "bob", "password": PASSWORD, "email": ADDRESS});
    for request in [
        ask(&auth, ADDRESS),
        auth.of(&ada, Method::PUT, "/v1/accounts/me/email").json(&email),
        auth.request(Method::POST, "/v1/accounts").json(&with_email),
    ] {
        let (status, problem) = answer(request).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "mail-not-configured"));
    }
    assert_eq!(auth.count("jobs").await, 0);
}
