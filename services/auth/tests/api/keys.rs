use std::collections::BTreeSet;

use contracts::Service;
use jsonwebtoken::decode_header;
use reqwest::{Method, StatusCode};

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
