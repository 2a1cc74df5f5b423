//! What apps get of what administrators do: with the scope, and of an administrator.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::provider::{App, Browser};
use crate::support::{PASSWORD, TestAuth, answer, kind};

/// An app that may ask for what administrators do.
async fn app(auth: &TestAuth) -> App {
    App::with_scope(auth, "accounts:read accounts:write admin:read admin:write").await
}

/// The access token that an app gets of somebody for these scopes, and what it says.
async fn token(auth: &TestAuth, app: &App, handle: &str, scope: &str) -> (String, Value) {
    let tokens = app.tokens_of(auth, handle, scope).await;
    let token = tokens["access_token"].as_str().unwrap();
    auth.until_known(token).await;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["scope"], tokens["scope"]);
    (token.to_owned(), claims)
}

/// Asks for every account.
async fn list(auth: &TestAuth, token: &str) -> (StatusCode, Value) {
    answer(auth.request(Method::GET, "/v1/accounts").bearer_auth(token)).await
}

#[tokio::test]
async fn whoever_is_no_administrator_gives_an_app_nothing_of_it() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let app = app(&auth).await;
    let (token, claims) = token(&auth, &app, "ada", "accounts:read admin:read admin:write").await;
    assert_eq!((&claims["scope"], &claims["roles"]), (&json!("accounts:read"), &json!([])));
    assert_eq!(list(&auth, &token).await.0, StatusCode::FORBIDDEN);
    let back = Browser::new(&auth).sign_in(&app.authorize(&[("scope", "admin:write")]), "ada").await.answered();
    assert_eq!(back["error"], "invalid_scope");
    assert_eq!(auth.count("codes where scope like '%admin%'").await, 0);
}

#[tokio::test]
async fn an_administrators_app_without_the_scope_is_no_administrators() {
    let auth = TestAuth::spawn().await;
    auth.admin("boss").await;
    let (token, claims) = token(&auth, &app(&auth).await, "boss", "accounts:read accounts:write").await;
    assert_eq!((&claims["scope"], &claims["roles"]), (&json!("accounts:read accounts:write"), &json!([])));
    let (status, problem) = list(&auth, &token).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
}

#[tokio::test]
async fn an_administrators_app_with_the_scope_does_what_it_was_granted_and_no_more() {
    let auth = TestAuth::spawn().await;
    auth.admin("boss").await;
    let (_, ada) = answer(auth.sign_up("ada", PASSWORD)).await;
    let (token, claims) = token(&auth, &app(&auth).await, "boss", "accounts:read accounts:write admin:read").await;
    assert_eq!(claims["roles"], json!(["Admin"]));
    let (status, accounts) = list(&auth, &token).await;
    assert_eq!((status, accounts["items"].as_array().unwrap().len()), (StatusCode::OK, 2), "{accounts}");
    let path = format!("/v1/accounts/{}/suspension", ada["id"].as_str().unwrap());
    let suspension = auth.request(Method::PUT, &path).bearer_auth(&token).json(&json!({"reason": "spam"}));
    let (status, problem) = answer(suspension).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "insufficient-scope"), "it may read");
}
