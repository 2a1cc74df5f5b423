//! Giving one's password or a code again: how often in vain, by whom, and that it is written down.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::brute_force::counted;
use crate::passwords::{NEW, change};
use crate::second_factor::{both, with_app};
use crate::support::{PASSWORD, TestAuth, Tokens, answer, kind};

const WRONG: &str = "not her password, not at all";
const TOTP: &str = "/v1/accounts/me/totp";
const RECOVERY_CODES: &str = "/v1/accounts/me/recovery-codes";

async fn new_codes(auth: &TestAuth, who: &Tokens, code: &str) -> (StatusCode, Value) {
    answer(auth.of(who, Method::POST, RECOVERY_CODES).json(&json!({"password": PASSWORD, "code": code}))).await
}

async fn first_code(auth: &TestAuth, who: &Tokens, code: &str) -> (StatusCode, Value) {
    answer(auth.of(who, Method::PUT, TOTP).json(&json!({"code": code}))).await
}

/// What one reads of the confirmations that failed, the newest first.
async fn failures(auth: &TestAuth, who: &Tokens) -> Vec<Value> {
    let (status, body) = answer(auth.of(who, Method::GET, "/v1/accounts/me/security-events")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let events = body["items"].as_array().unwrap().iter();
    events.filter(|event| event["kind"] == "ConfirmationFailed").cloned().collect()
}

#[tokio::test]
async fn a_stolen_session_that_guesses_at_the_password_leaves_every_other_its_tries() {
    let auth = TestAuth::spawn().await;
    let (stolen, own) = (auth.somebody("ada").await, auth.session("ada").await);
    for _ in 0..11 {
        assert_eq!(answer(change(&auth, &stolen, WRONG, NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(counted(&auth, "PasswordsOfSessions").await, [1], "ten were its own");
    auth.sql("update attempts set count = 50 where kind = 'PasswordsOfSessions'").await;
    assert_eq!(answer(change(&auth, &stolen, PASSWORD, NEW)).await.0, StatusCode::TOO_MANY_REQUESTS);

    // With nothing left in common, hers may even be wrong; and so may that of a sign-in after all this.
    let anew = auth.session("ada").await;
    for who in [&own, &anew] {
        assert_eq!(answer(change(&auth, who, WRONG, NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(answer(change(&auth, &own, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_stolen_session_that_guesses_at_codes_leaves_every_other_its_tries() {
    let auth = TestAuth::spawn().await;
    let (stolen, _, codes) = with_app(&auth).await;
    let (status, body) = both(&auth, json!({"recovery_code": codes[0]})).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let own: Tokens = serde_json::from_value(body).unwrap();
    auth.until_known(&own.access_token).await;

    for _ in 0..12 {
        assert_eq!(new_codes(&auth, &stolen, "0000-0000-0000-0000").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(new_codes(&auth, &stolen, &codes[1]).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(new_codes(&auth, &own, "0000-0000-0000-0000").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(new_codes(&auth, &own, &codes[1]).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn only_the_five_newest_sessions_have_tries_of_their_own() {
    let auth = TestAuth::spawn().await;
    let oldest = auth.somebody("ada").await;
    for _ in 0..4 {
        auth.session("ada").await;
    }
    assert_eq!(answer(change(&auth, &oldest, WRONG, NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(counted(&auth, "PasswordsOfSessions").await.is_empty(), "it is one of five");
    let newest = auth.session("ada").await;
    assert_eq!(answer(auth.sign_out(&newest.access_token)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(change(&auth, &oldest, WRONG, NEW)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(counted(&auth, "PasswordsOfSessions").await, [1], "none takes the place of one that has ended");
}

#[tokio::test]
async fn what_is_right_or_guesses_at_nothing_does_not_count() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    // More than a session and all of them together may guess in vain.
    for _ in 0..13 {
        let (status, problem) = first_code(&auth, &ada, "492039").await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "totp-not-begun"));
    }
    assert_eq!(counted(&auth, "CodeOfSession").await, [0]);
    assert_eq!(answer(change(&auth, &ada, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(counted(&auth, "PasswordOfSession").await, [0]);
    assert!(failures(&auth, &ada).await.is_empty());
}

#[tokio::test]
async fn each_that_fails_is_a_security_event_and_one_that_is_refused_is_none() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    answer(change(&auth, &ada, WRONG, NEW)).await;
    for code in ["000000", "0000-0000-0000-0000"] {
        assert_eq!(new_codes(&auth, &ada, code).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
    }
    let failed = failures(&auth, &ada).await;
    let tried: Vec<_> = failed.iter().map(|event| event["details"]["tried"].as_str().unwrap()).collect();
    assert_eq!(tried, ["recovery_code", "code", "password"]);
    let (_, sessions) = answer(auth.of(&ada, Method::GET, "/v1/sessions")).await;
    assert!(failed.iter().all(|event| event["details"]["session"] == sessions["items"][0]["id"]), "{failed:?}");

    auth.sql("update attempts set count = 10 where kind in ('CodeOfSession', 'CodesOfSessions')").await;
    assert_eq!(new_codes(&auth, &ada, "000000").await.0, StatusCode::UNPROCESSABLE_ENTITY, "the first that all have in common");
    auth.sql("update attempts set count = 10 where kind = 'CodesOfSessions'").await;
    assert_eq!(new_codes(&auth, &ada, &codes[0]).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(failures(&auth, &ada).await.len(), 4);
}

#[tokio::test]
async fn a_first_code_that_is_wrong_is_a_security_event() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(auth.of(&ada, Method::POST, TOTP).json(&json!({"password": PASSWORD}))).await.0, StatusCode::CREATED);
    assert_eq!(first_code(&auth, &ada, "no code").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(failures(&auth, &ada).await.len(), 1);
    assert_eq!(counted(&auth, "CodeOfSession").await, [1]);
}
