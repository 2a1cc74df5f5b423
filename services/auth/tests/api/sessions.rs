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
pub async fn everything_stored(auth: &TestAuth) -> String {
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

pub fn hex(bytes: &[u8]) -> String {
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
    let device = first.device.unwrap();
    let (_, made) = answer(auth.request(Method::POST, "/v1/accounts/invites").bearer_auth(&second.access_token).json(&json!({}))).await;
    for secret in [device.as_str(), made["code"].as_str().unwrap()] {
        let (_, text) = secret.split_once('_').unwrap();
        secrets.extend([text.to_owned(), hex(secret.as_bytes()), hex(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap())]);
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

/// The sessions of somebody, as they see them, newest first.
async fn listed(auth: &TestAuth, who: &Tokens) -> Vec<serde_json::Value> {
    let (status, body) = answer(auth.of(who, Method::GET, "/v1/sessions")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in() {
    let auth = TestAuth::spawn().await;
    let here = auth.somebody("ada").await;
    auth.somebody("bob").await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let (_, there) = answer(auth.sign_in("ada", PASSWORD).header("user-agent", agent)).await;

    let sessions = listed(&auth, &here).await;
    assert_eq!(sessions.len(), 2, "hers and nobody else's");
    assert_eq!((&sessions[0]["user_agent"], &sessions[0]["current"]), (&json!("Firefox on Linux"), &json!(false)));
    assert_eq!((&sessions[1]["user_agent"], &sessions[1]["current"]), (&json!(null), &json!(true)));
    for time in ["created_at", "last_used_at", "expires_at"] {
        assert!(sessions[0][time].as_str().unwrap().ends_with('Z'), "{time}");
    }
    auth.refreshed(there["refresh_token"].as_str().unwrap()).await;
    let used = listed(&auth, &here).await;
    let last_used = |session: &serde_json::Value| session["last_used_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(last_used(&used[0]) > last_used(&sessions[0]));
    assert_eq!(used[0]["expires_at"], sessions[0]["expires_at"], "using it makes it no longer");
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_platform_says() {
    for (flags, days) in [(vec![], 90), (vec!["--session-life-days=7"], 7)] {
        let auth = TestAuth::with(&flags).await;
        auth.somebody("ada").await;
        let lasts = "select (extract(epoch from expires_at - created_at) / 86400)::float8 from sessions";
        let lasts: f64 = sqlx::query_scalar(lasts).fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
        assert!((lasts - f64::from(days)).abs() < 0.1, "{lasts} days");
    }
}

#[tokio::test]
async fn a_session_can_be_named() {
    let auth = TestAuth::spawn().await;
    let (ada, eve) = (auth.somebody("ada").await, auth.somebody("eve").await);
    let path = format!("/v1/sessions/{}", listed(&auth, &ada).await[0]["id"].as_str().unwrap());
    let name = |who: &Tokens, body: serde_json::Value| auth.of(who, Method::PATCH, &path).json(&body);
    for (body, named) in [(json!({"name": " My phone "}), json!("My phone")), (json!({"name": null}), json!(null))] {
        let (status, session) = answer(name(&ada, body)).await;
        assert_eq!((status, &session["name"]), (StatusCode::OK, &named));
        assert_eq!(listed(&auth, &ada).await[0]["name"], named);
    }
    for body in [json!({}), json!({"name": ""}), json!({"name": "a\nb"}), json!({"name": "x".repeat(101)}), json!({"nickname": "x"})] {
        assert_eq!(answer(name(&ada, body.clone())).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(answer(name(&eve, json!({"name": "mine"}))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    let eve = auth.somebody("eve").await;
    let id = listed(&auth, &there).await[0]["id"].as_str().unwrap().to_owned();
    let end = |who: &Tokens| auth.of(who, Method::DELETE, &format!("/v1/sessions/{id}"));
    assert_eq!(answer(end(&eve)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(auth.me(&there.access_token)).await.0, StatusCode::OK);

    assert_eq!(answer(end(&here)).await.0, StatusCode::NO_CONTENT);
    auth.until_refused(&there.access_token).await;
    assert_eq!(answer(auth.refresh(&there.refresh_token)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(answer(end(&here)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(listed(&auth, &here).await.len(), 1);
}

#[tokio::test]
async fn one_ends_all_other_sessions_or_all() {
    let auth = TestAuth::spawn().await;
    let (here, there, eve) = (auth.somebody("ada").await, auth.session("ada").await, auth.somebody("eve").await);
    let wrong = auth.of(&here, Method::DELETE, "/v1/sessions?exept=current");
    assert_eq!(answer(wrong).await.0, StatusCode::BAD_REQUEST, "a slip of the pen must not end everything");
    assert_eq!(answer(auth.of(&here, Method::DELETE, "/v1/sessions?except=current")).await.0, StatusCode::NO_CONTENT);
    auth.until_refused(&there.access_token).await;
    let here = auth.refreshed(&here.refresh_token).await;

    assert_eq!(answer(auth.of(&here, Method::DELETE, "/v1/sessions")).await.0, StatusCode::NO_CONTENT);
    auth.until_refused(&here.access_token).await;
    assert_eq!(answer(auth.refresh(&here.refresh_token)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(answer(auth.me(&eve.access_token)).await.0, StatusCode::OK);
}
