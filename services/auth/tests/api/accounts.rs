use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, TestAuth, answer, kind};

#[tokio::test]
async fn whoever_signs_up_has_an_account() {
    let auth = TestAuth::spawn().await;
    let (status, account) = answer(auth.sign_up("Ada_99", PASSWORD)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(account["handle"], "ada_99");
    assert!(account["id"].as_str().unwrap().parse::<i64>().unwrap() > 0);
    assert!(account["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&account["state"], &account["roles"], &account["email"]), (&json!("Active"), &json!([]), &json!(null)));
    assert_eq!(account.as_object().unwrap().len(), 6, "{account}");

    let tokens = auth.session("ADA_99").await;
    assert_eq!(answer(auth.me(&tokens.access_token)).await, (StatusCode::OK, account));
}

#[tokio::test]
async fn a_handle_is_three_to_thirty_plain_characters() {
    let auth = TestAuth::spawn().await;
    let too_long = "a".repeat(31);
    for handle in ["", "ab", &too_long, "with-dash", "with space", " ada", "ada\n", "ad\0a", "adä", "\u{430}da", "admin", "Root"] {
        let (status, problem) = answer(auth.sign_up(handle, PASSWORD)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{handle:?}");
        assert_eq!(problem["errors"][0]["field"], "handle", "{handle:?}");
    }
    assert_eq!(auth.count("accounts").await, 0);
    for handle in ["a_1", &too_long[1..]] {
        assert_eq!(answer(auth.sign_up(handle, PASSWORD)).await.0, StatusCode::CREATED, "{handle:?}");
    }
}

#[tokio::test]
async fn a_handle_is_taken_once_whatever_its_case() {
    let auth = TestAuth::spawn().await;
    assert_eq!(answer(auth.sign_up("ada", PASSWORD)).await.0, StatusCode::CREATED);
    let (status, problem) = answer(auth.sign_up("ADA", "another password of hers")).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "handle-taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_a_handle_at_once_one_gets_it() {
    let auth = TestAuth::spawn().await;
    let mut wanted = JoinSet::new();
    for _ in 0..8 {
        let request = auth.sign_up("ada", PASSWORD);
        wanted.spawn(async move { answer(request).await.0 });
    }
    let mut answers = BTreeMap::new();
    for status in wanted.join_all().await {
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers, BTreeMap::from([(StatusCode::CREATED, 1), (StatusCode::CONFLICT, 7)]));
    assert_eq!(auth.count("accounts").await, 1);
}

#[tokio::test]
async fn a_password_has_fifteen_characters_and_no_rule_of_composition() {
    let auth = TestAuth::spawn().await;
    let common = ["qwertyuiopasdfghjkl", "PasswordPassword", "1234567890123456", &"ä".repeat(15), "ada.platform.test"];
    for password in ["", "fourteen chars", "äöüßéèêñçøåæœð", &"long ".repeat(206)].into_iter().chain(common) {
        let (status, problem) = answer(auth.sign_up("ada", password)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{password:?}");
        assert_eq!(problem["errors"][0]["field"], "password", "{password:?}");
    }
    for (n, password) in ["äöüßéèêñçøåæœðý", "with \0 in it, twice \0", "🦀🐘🦊🐙🦉🐝🦋🐢🐍🦎🐬🐳🦈🐊🦓"].into_iter().enumerate()
    {
        let handle = format!("ada_{n}");
        assert_eq!(answer(auth.sign_up(&handle, password)).await.0, StatusCode::CREATED, "{password:?}");
        assert_eq!(answer(auth.sign_in(&handle, password)).await.0, StatusCode::CREATED, "{password:?}");
        let cut = password.split('\0').next().unwrap().chars().take(14).collect::<String>();
        assert_eq!(answer(auth.sign_in(&handle, &cut)).await.0, StatusCode::UNAUTHORIZED, "{password:?} was cut");
    }
}

#[tokio::test]
async fn bad_input_is_answered_with_what_is_wrong_with_it() {
    let auth = TestAuth::spawn().await;
    let good = json!({"handle": "ada", "password": PASSWORD}).to_string();
    let large = json!({"handle": "ada", "password": "x".repeat(128 * 1024)}).to_string();
    let unknown = json!({"handle": "ada", "password": PASSWORD, "nickname": "countess"}).to_string();
    let number = json!({"handle": 7, "password": PASSWORD}).to_string();
    let missing = json!({"handle": "ada"}).to_string();
    let trailing = format!("{good}]");
    let (json, text) = ("application/json", "text/plain");
    let cases = [
        (json, "{\"handle\":", 400, "bad-request", None),
        (json, "", 400, "bad-request", None),
        (json, trailing.as_str(), 400, "bad-request", None),
        (json, large.as_str(), 413, "too-large", None),
        (text, good.as_str(), 415, "unsupported-media-type", None),
        (json, "null", 422, "invalid", None),
        (json, missing.as_str(), 422, "invalid", None),
        (json, number.as_str(), 422, "invalid", Some("handle")),
        (json, unknown.as_str(), 422, "invalid", Some("nickname")),
    ];
    for (content_type, body, status, expected, field) in cases {
        let request = auth.request(Method::POST, "/v1/accounts").header("content-type", content_type).body(body.to_owned());
        let (answered, problem) = answer(request).await;
        let body = &body[..body.len().min(80)];
        assert_eq!((answered.as_u16(), kind(&problem)), (status, expected), "{body}");
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{body}");
    }
    assert_eq!(auth.count("accounts").await, 0);
}

#[tokio::test]
async fn signing_up_twice_with_one_key_makes_one_account() {
    let auth = TestAuth::spawn().await;
    let send = async |handle: &str| auth.sign_up(handle, PASSWORD).header("idempotency-key", "one").send().await.unwrap();

    let first = send("ada").await;
    assert_eq!(first.status(), StatusCode::CREATED);
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let again = send("ada").await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    assert_eq!(auth.count("accounts").await, 1);

    // Nobody is signed in yet: a key belongs to whoever wants the handle.
    let others = send("bob").await;
    assert_eq!(others.status(), StatusCode::CREATED);
    assert!(!others.headers().contains_key("idempotent-replayed"));
    assert_eq!(auth.count("accounts").await, 2);
}

#[tokio::test]
async fn another_password_under_the_same_key_is_a_mistake() {
    let auth = TestAuth::spawn().await;
    let send = |password: &str| auth.sign_up("ada", password).header("idempotency-key", "one");
    assert_eq!(answer(send(PASSWORD)).await.0, StatusCode::CREATED);
    // To replay the 201 would let its sender believe that this is the password now.
    assert_eq!(answer(send("another password of hers")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}
