use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestAuth, Tokens, answer, kind};

fn rename(auth: &TestAuth, who: &Tokens, handle: &str) -> RequestBuilder {
    auth.of(who, Method::PUT, "/v1/accounts/me/handle").json(&json!({"handle": handle, "password": PASSWORD}))
}

#[tokio::test]
async fn a_handle_is_changed_and_the_old_one_is_held_for_whoever_had_it() {
    let auth = TestAuth::spawn().await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    let (status, account) = answer(rename(&auth, &ada, "Countess")).await;
    assert_eq!((status, &account["handle"]), (StatusCode::OK, &json!("countess")), "{account}");
    assert_eq!(answer(auth.me(&ada.access_token)).await.1, account);

    // She signs in with the new one, and nobody gets the old one.
    assert_eq!(answer(auth.sign_in("ada", PASSWORD)).await.0, StatusCode::UNAUTHORIZED);
    auth.session("countess").await;
    for taken in [auth.sign_up("ada", PASSWORD), rename(&auth, &bob, "ada"), rename(&auth, &bob, "countess")] {
        let (status, problem) = answer(taken).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "handle-taken"));
    }
    assert_eq!(answer(rename(&auth, &ada, "ada")).await.0, StatusCode::OK, "but she herself");
    auth.sql("update held_handles set until = now()").await;
    assert_eq!(answer(auth.sign_up("countess", PASSWORD)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn tokens_name_the_new_handle_once_they_are_refreshed() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    answer(rename(&auth, &ada, "countess")).await;
    let refreshed = auth.refreshed(&ada.refresh_token).await;
    let claims = refreshed.access_token.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["preferred_username"], "countess");
}

#[tokio::test]
async fn nobody_keeps_many_handles_from_others() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    for handle in ["ada_1", "ada_2", "ada_3"] {
        assert_eq!(answer(rename(&auth, &ada, handle)).await.0, StatusCode::OK);
    }
    let (status, problem) = answer(rename(&auth, &ada, "ada_4")).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "too-many-handles"));
    // One of them may be had back.
    assert_eq!(answer(rename(&auth, &ada, "ada")).await.0, StatusCode::OK);
    // The same one again is no change.
    assert_eq!(answer(rename(&auth, &ada, "ada")).await.0, StatusCode::OK);
    assert_eq!(auth.count("held_handles").await, 3);
}

#[tokio::test]
async fn changing_a_handle_takes_the_password_and_a_handle() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let wrong = json!({"handle": "countess", "password": "not her password, not at all"});
    let (status, problem) = answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/handle").json(&wrong)).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    for handle in ["admin", "a", "a-b"] {
        assert_eq!(answer(rename(&auth, &ada, handle)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{handle}");
    }
    assert_eq!(auth.count("held_handles").await, 0);
}
