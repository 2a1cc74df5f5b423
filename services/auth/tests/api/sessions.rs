use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::support::{PASSWORD, TestAuth, Tokens, answer};

/// How a private Ed25519 key in PKCS#8 begins (RFC 8410, section 7).
const PRIVATE_KEY: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

#[tokio::test]
async fn signing_in_gives_a_pair_of_tokens() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let response = auth.sign_in("Ada", PASSWORD).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
    for token in ["access_token", "refresh_token"] {
        assert!(!body[token].as_str().unwrap().is_empty(), "{token}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_handle_are_the_same() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let wrong = answer(auth.sign_in("ada", "correct horse battery stable")).await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    let too_long = "x".repeat(2000);
    for (handle, password) in [("eve", PASSWORD), ("not a handle", PASSWORD), ("", ""), ("ada", ""), ("ada", too_long.as_str())] {
        assert_eq!(answer(auth.sign_in(handle, password)).await, wrong, "{handle:?}");
    }
    assert_eq!(auth.count("sessions").await, 1, "a session was made for nobody");
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    assert_eq!(answer(auth.sign_out(&here.access_token)).await.0, StatusCode::NO_CONTENT);
    auth.until_refused(&here.access_token).await;
    let (status, error) = answer(auth.refresh(&here.refresh_token)).await;
    assert_eq!((status, &error["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));

    assert_eq!(answer(auth.me(&there.access_token)).await.0, StatusCode::OK);
    auth.refreshed(&there.refresh_token).await;
}

#[tokio::test]
async fn signing_out_needs_a_session() {
    let auth = TestAuth::spawn().await;
    let response = auth.request(Method::DELETE, "/v1/sessions/current").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn an_answer_that_carries_tokens_is_never_replayed() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    for _ in 0..2 {
        let (_, body) = answer(auth.sign_in("ada", PASSWORD).header("idempotency-key", "one")).await;
        let again: Tokens = serde_json::from_value(body).unwrap();
        assert_ne!(again.refresh_token, first.refresh_token);
    }
    assert_eq!((auth.count("sessions").await, auth.count("idempotency_keys").await), (3, 0));
}

/// Every row of every table of the service as text, its bytes in hex.
async fn everything_stored(auth: &TestAuth) -> String {
    let pool = auth.db.superuser_pool(Service::Auth);
    let tables = "select table_name::text from information_schema.tables where table_schema = 'auth'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&pool).await.unwrap();
    let mut stored = String::new();
    for table in tables {
        let rows = AssertSqlSafe(format!("select t::text from auth.{table} t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&pool).await.unwrap();
        stored.push_str(&rows.join("\n"));
    }
    stored
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn secrets_are_stored_sealed_or_hashed_only() {
    let auth = TestAuth::spawn().await;
    answer(auth.sign_up("ada", PASSWORD).header("idempotency-key", "one")).await;
    let first = auth.session("ada").await;
    let second = auth.refreshed(&first.refresh_token).await;

    let mut secrets = vec![PASSWORD.to_owned(), hex(PASSWORD.as_bytes()), hex(&PRIVATE_KEY)];
    for token in [&first.access_token, &second.access_token] {
        let (_, signature) = token.rsplit_once('.').unwrap();
        secrets.extend([signature.to_owned(), hex(token.as_bytes())]);
    }
    for token in [&first.refresh_token, &second.refresh_token] {
        let text = token.strip_prefix("sprt_").unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        // The MAC at the end is what proves something.
        secrets.extend([text.to_owned(), hex(token.as_bytes()), hex(&bytes[bytes.len() - 32..])]);
    }

    let stored = everything_stored(&auth).await;
    assert!(stored.contains("ada") && stored.contains("$argon2id$"), "this test looks in the wrong place");
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret} is stored in the clear");
    }
}

#[tokio::test]
async fn no_password_can_be_guessed_from_a_fast_hash() {
    let auth = TestAuth::spawn().await;
    let body = json!({"handle": "ada", "password": PASSWORD}).to_string();
    let request = auth.request(Method::POST, "/v1/accounts").header("content-type", "application/json");
    let (status, _) = answer(request.header("idempotency-key", "one").body(body.clone())).await;
    assert_eq!(status, StatusCode::CREATED);

    // Whoever reads the table could try a billion passwords a second, past Argon2.
    let stored = everything_stored(&auth).await;
    for hashed in [body.as_str(), PASSWORD] {
        assert!(!stored.contains(&hex(digest(&SHA256, hashed.as_bytes()).as_ref())), "an unkeyed SHA-256 of {hashed} is stored");
    }
}
