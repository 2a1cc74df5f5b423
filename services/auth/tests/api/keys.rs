use std::collections::BTreeSet;

use contracts::Service;
use jsonwebtoken::decode_header;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::provider::{App, Browser};
use crate::second_factor::{both, with_app};
use crate::support::{TestAuth, answer, eventually};

async fn published(auth: &TestAuth) -> BTreeSet<String> {
    let (_, set) = answer(auth.request(Method::GET, "/.well-known/jwks.json")).await;
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Ages every key, as if time had passed.
async fn pass(auth: &TestAuth, time: &'static str) {
    let age = "update signing_keys set signs_from = signs_from - $1::interval";
    sqlx::query(age).bind(time).execute(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
}

async fn until_published(auth: &TestAuth, what: &str, keys: usize) -> BTreeSet<String> {
    eventually(what, async || published(auth).await.len() == keys).await;
    published(auth).await
}

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_until_its_last_token_has_expired() {
    let auth = TestAuth::spawn().await;
    let old = auth.somebody("ada").await;
    let first = published(&auth).await;
    assert_eq!(first, BTreeSet::from([kid(&old.access_token)]));

    // Its life is nearly over: the next one is shown, and does not sign yet.
    pass(&auth, "719 hours 55 minutes").await;
    let both = until_published(&auth, "the next key is published", 2).await;
    assert!(both.is_superset(&first));
    let second = auth.refreshed(&old.refresh_token).await;
    assert_eq!(kid(&second.access_token), kid(&old.access_token));

    pass(&auth, "11 minutes").await;
    let mut latest = second;
    eventually("the next key signs", async || {
        latest = auth.refreshed(&latest.refresh_token).await;
        kid(&latest.access_token) != kid(&old.access_token)
    })
    .await;
    assert_eq!(published(&auth).await, both, "tokens of the old key are still around");
    for token in [&old.access_token, &latest.access_token] {
        assert_eq!(answer(auth.me(token)).await.0, StatusCode::OK);
    }

    pass(&auth, "30 minutes").await;
    let left = until_published(&auth, "the old key is forgotten", 1).await;
    assert_eq!(left, BTreeSet::from([kid(&latest.access_token)]));
    auth.until_refused(&old.access_token).await;
    assert_eq!(answer(auth.me(&latest.access_token)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn replicas_that_need_a_key_at_once_make_one() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let replicas = [auth.replica().await, auth.replica().await, auth.replica().await];
    pass(&auth, "720 hours").await;
    let keys = until_published(&auth, "the next key is published", 2).await;
    for replica in &replicas {
        eventually("every replica publishes the same", async || published(replica).await == keys).await;
    }
    assert_eq!(auth.count("signing_keys").await, 2);
}

#[tokio::test]
async fn with_another_key_encryption_key_everybody_signs_in_anew_and_nothing_fails() {
    let auth = TestAuth::spawn().await;
    let (old, app) = (auth.somebody("ada").await, App::with_scope(&auth, "offline_access accounts:read").await);
    let apps = app.tokens_of(&auth, "ada", "offline_access accounts:read").await;
    let apps = apps["refresh_token"].as_str().unwrap();
    let path = app.authorize(&[("scope", "accounts:read")]);
    let mut browser = Browser::new(&auth);
    assert_eq!(browser.sign_in(&path, "ada").await.status, StatusCode::SEE_OTHER, "it was allowed before");
    // One that waits for its time has signed nothing.
    pass(&auth, "719 hours 55 minutes").await;
    until_published(&auth, "the next key is published", 2).await;

    let resealed = auth.replica_with([8; 32]).await;
    drop(auth);
    // The page loads, for whoever was signed in on it, too.
    let mut same = Browser::new(&resealed);
    same.cookies = browser.cookies;
    assert!(same.get(&path).await.body.contains("type=\"password\""));
    for refresh in [resealed.refresh(&old.refresh_token), app.refresh(&resealed, apps)] {
        let (status, error) = answer(refresh).await;
        assert_eq!((status, error["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_grant")));
    }
    assert_eq!(app.introspect(&resealed, apps).await["active"], false);
    assert_eq!(answer(app.post(&resealed, "/oauth/revoke", &[("token", apps)])).await.0, StatusCode::OK);

    // A new key signs at once, and what the old one has signed is good for as long as it says.
    let new = resealed.session("ada").await;
    assert_ne!(kid(&new.access_token), kid(&old.access_token));
    assert_eq!(published(&resealed).await, BTreeSet::from([kid(&new.access_token), kid(&old.access_token)]));
    assert_eq!(answer(resealed.me(&old.access_token)).await.0, StatusCode::OK);
    resealed.refreshed(&new.refresh_token).await;
    let another = resealed.replica_with([8; 32]).await;
    another.session("ada").await;
    assert_eq!(resealed.count("signing_keys").await, 2, "and it is the same for every replica");
}

#[tokio::test]
async fn with_another_key_encryption_key_an_app_shows_wrong_codes_and_a_recovery_code_is_good() {
    let auth = TestAuth::spawn().await;
    let (_, phone, codes) = with_app(&auth).await;
    let resealed = auth.replica_with([8; 32]).await;
    drop(auth);
    assert_eq!(both(&resealed, json!({"code": phone.code(1)})).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(both(&resealed, json!({"recovery_code": codes[0]})).await.0, StatusCode::CREATED);
}
