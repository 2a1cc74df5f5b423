use std::collections::HashSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{TestAuth, Tokens, answer};

/// The session is over: OAuth's word for it (RFC 6749, section 5.2).
async fn assert_refused(auth: &TestAuth, refresh_token: &str) {
    let (status, error) = answer(auth.refresh(refresh_token)).await;
    assert_eq!((status, &error["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}

/// Changes all sessions behind auth's back, as if time had passed.
async fn let_time_pass(auth: &TestAuth, change: &'static str) {
    sqlx::query(change).execute(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
}

/// How many tokens are used by many at once, and with `PROVE=1`.
const TRIES: [usize; 2] = [12, 4000];
/// By how many: so few that on a slow machine, too, the last of them has its turn within the grace.
const AT_ONCE: usize = 16;

const AFTER_THE_GRACE: &str = "update sessions set rotated_at = rotated_at - interval '11 seconds'";

#[tokio::test]
async fn a_refresh_gives_the_next_pair() {
    let auth = TestAuth::spawn().await;
    let mut tokens = auth.somebody("ada").await;
    let mut seen = HashSet::from([tokens.refresh_token.clone(), tokens.access_token.clone()]);
    for _ in 0..5 {
        let response = auth.refresh(&tokens.refresh_token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], "no-store");
        tokens = response.json().await.unwrap();
        assert!(seen.insert(tokens.refresh_token.clone()) && seen.insert(tokens.access_token.clone()), "a token came twice");
        assert_eq!(answer(auth.me(&tokens.access_token)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn within_the_grace_the_predecessor_gives_the_same_successor() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let second = auth.refreshed(&first.refresh_token).await;
    let lost = auth.refreshed(&first.refresh_token).await;
    assert_eq!(lost.refresh_token, second.refresh_token);
    assert_eq!(answer(auth.me(&lost.access_token)).await.0, StatusCode::OK);
    auth.refreshed(&second.refresh_token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refreshes_of_one_token_at_once_give_one_successor() {
    let tries = TRIES[usize::from(std::env::var_os("PROVE").is_some())];
    let auth = TestAuth::with(&["--rate-per-address=1000000"]).await;
    let mut token = auth.somebody("ada").await.refresh_token;
    let mut successors = 0;
    for _ in 0..tries {
        let mut asked = JoinSet::new();
        for _ in 0..AT_ONCE {
            let request = auth.refresh(&token);
            asked.spawn(async move { answer(request).await });
        }
        let mut different = HashSet::new();
        for (status, body) in asked.join_all().await {
            assert_eq!(status, StatusCode::OK, "{body}");
            let tokens: Tokens = serde_json::from_value(body).unwrap();
            different.insert(tokens.refresh_token);
        }
        successors += different.len();
        token = different.into_iter().next().expect("a successor");
    }
    println!("{tries} tokens, each used {AT_ONCE} times at once: {successors} successors");
    assert_eq!((successors, auth.count("revocations").await), (tries, 0));
    // Nobody was signed out by it.
    let next = auth.refreshed(&token).await;
    assert_eq!(answer(auth.me(&next.access_token)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_predecessor_after_the_grace_ends_the_session() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let second = auth.refreshed(&first.refresh_token).await;
    let_time_pass(&auth, AFTER_THE_GRACE).await;

    assert_refused(&auth, &first.refresh_token).await;
    assert_refused(&auth, &second.refresh_token).await;
    auth.until_refused(&second.access_token).await;
}

#[tokio::test]
async fn an_older_generation_ends_the_session_and_no_other() {
    let auth = TestAuth::spawn().await;
    let (first, elsewhere) = (auth.somebody("ada").await, auth.session("ada").await);
    let second = auth.refreshed(&first.refresh_token).await;
    let third = auth.refreshed(&second.refresh_token).await;

    // Within the grace of its successor: that one is not its own.
    assert_refused(&auth, &first.refresh_token).await;
    assert_refused(&auth, &third.refresh_token).await;
    for tokens in [&first, &second, &third] {
        auth.until_refused(&tokens.access_token).await;
    }
    assert_eq!(answer(auth.me(&elsewhere.access_token)).await.0, StatusCode::OK);
    auth.refreshed(&elsewhere.refresh_token).await;
}

#[tokio::test]
async fn the_current_token_works_however_long_ago_it_was_issued() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let_time_pass(&auth, AFTER_THE_GRACE).await;
    auth.refreshed(&first.refresh_token).await;
}

#[tokio::test]
async fn a_session_has_an_absolute_end() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let second = auth.refreshed(&first.refresh_token).await;
    let_time_pass(&auth, "update sessions set expires_at = clock_timestamp()").await;
    assert_refused(&auth, &second.refresh_token).await;
}

#[tokio::test]
async fn no_access_token_outlives_its_session() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let_time_pass(&auth, "update sessions set expires_at = clock_timestamp() + interval '1 minute'").await;
    let (status, tokens) = answer(auth.refresh(&first.refresh_token)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let claims = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let lasts = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!((50..=60).contains(&lasts), "{claims}");
    assert_eq!(tokens["expires_in"], lasts);
}

#[tokio::test]
async fn a_forged_refresh_token_is_refused_and_ends_nothing() {
    let auth = TestAuth::spawn().await;
    let first = auth.somebody("ada").await;
    let tokens = auth.refreshed(&first.refresh_token).await;
    let real = &tokens.refresh_token;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(real.strip_prefix("sprt_").unwrap()).unwrap();
    // The session and the generation can be read by anybody; the MAC cannot be made.
    let of_generation = |generation: i32| {
        let forged = [&bytes[..8], &generation.to_be_bytes(), &bytes[12..]].concat();
        format!("sprt_{}", BASE64_URL_SAFE_NO_PAD.encode(forged))
    };
    let forged = [
        of_generation(0),
        of_generation(2),
        of_generation(-1),
        real[..real.len() - 8].to_owned(),
        real.replace("sprt_", ""),
        tokens.access_token.clone(),
        "sprt_".to_owned(),
        String::new(),
    ];
    for token in &forged {
        assert_refused(&auth, token).await;
    }
    assert_eq!(answer(auth.me(&tokens.access_token)).await.0, StatusCode::OK);
    auth.refreshed(real).await;
}

#[tokio::test]
async fn what_is_no_refresh_is_answered_as_oauth_says() {
    let auth = TestAuth::spawn().await;
    let post = || auth.request(Method::POST, "/oauth/token");
    for (request, error) in [
        (post().form(&[("grant_type", "password")]), "unsupported_grant_type"),
        (post().form(&[("refresh_token", "sprt_")]), "invalid_request"),
        (post().json(&json!({"grant_type": "refresh_token"})), "invalid_request"),
        (post(), "invalid_request"),
        (post().form(&[("grant_type", "refresh_token")]), "invalid_request"),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!(error)));
    }
}
