//! What whoever runs the platform says about how it is kept in order.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::provider::{App, Browser};
use crate::support::{PASSWORD, TestAuth, Tokens, answer};

const FIRST_ADMIN: &str = "0123456789abcdef0123456789abcdef";

async fn platform(auth: &TestAuth) -> Value {
    let (status, platform) = answer(auth.request(Method::GET, "/v1/platform")).await;
    assert_eq!(status, StatusCode::OK, "{platform}");
    platform
}

fn rename(auth: &TestAuth, who: &Tokens, handle: &str) -> RequestBuilder {
    auth.of(who, Method::PUT, "/v1/accounts/me/handle").json(&json!({"handle": handle, "password": PASSWORD}))
}

/// Asserts that the handle is refused as one that is reserved.
async fn reserved(request: RequestBuilder) {
    let (status, problem) = answer(request).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("handle")), "{problem}");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("reserved"), "{problem}");
}

#[tokio::test]
async fn everybody_reads_who_may_sign_up_the_rules_and_whom_to_turn_to() {
    let said = ["--registration=Approval", "--moderation-contact=moderators@example.org", "--moderation-rules=Be kind.\n\nNo spam, ever."];
    let auth = TestAuth::with(&said).await;
    let rules = ["Be kind.", "No spam, ever."];
    assert_eq!(platform(&auth).await, json!({"registration": "Approval", "contact": "moderators@example.org", "rules": rules}));
    let auth = TestAuth::with(&["--moderation-contact=", "--moderation-rules="]).await;
    assert_eq!(platform(&auth).await, json!({"registration": "Open", "contact": null, "rules": []}));
}

#[tokio::test]
async fn the_page_to_sign_in_on_shows_the_rules_and_whom_to_turn_to() {
    let said = ["--moderation-contact=moderators@example.org", "--moderation-rules=Be kind.", "--moderation-rules=No <b>shouting</b>."];
    let auth = TestAuth::with(&said).await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    let page = Browser::new(&auth).get(&path).await;
    assert_eq!((page.status, page.link("moderators@example.org").as_str()), (StatusCode::OK, "mailto:moderators@example.org"));
    assert!(page.body.contains("The rules of platform.test") && page.body.contains("<li>Be kind.</li>"), "{}", page.body);
    assert!(page.body.contains("shouting") && !page.body.contains("<b>"), "what is said is text: {}", page.body);

    let auth = TestAuth::spawn().await;
    let path = App::with_scope(&auth, "accounts:read").await.authorize(&[]);
    let page = Browser::new(&auth).get(&path).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("The rules of") && !page.body.contains("mailto:"), "{}", page.body);
}

#[tokio::test]
async fn a_handle_that_is_kept_for_administrators_is_theirs_alone() {
    let token = format!("--first-admin-token={FIRST_ADMIN}");
    let auth = TestAuth::with(&["--reserved-handles=press,Example", &token]).await;
    for handle in ["press", "PRESS", "example"] {
        reserved(auth.sign_up(handle, PASSWORD)).await;
    }
    let ada = auth.somebody("ada").await;
    reserved(rename(&auth, &ada, "press")).await;
    assert_eq!(auth.count("accounts").await, 1);
    assert_eq!(answer(auth.sign_up("pressed", PASSWORD)).await.0, StatusCode::CREATED, "the whole handle counts");

    let first = json!({"handle": "press", "password": PASSWORD, "invite": FIRST_ADMIN});
    assert_eq!(answer(auth.request(Method::POST, "/v1/accounts").json(&first)).await.0, StatusCode::CREATED);
    let root = auth.admin("root_1").await;
    let (status, renamed) = answer(rename(&auth, &root, "example")).await;
    assert_eq!((status, &renamed["handle"]), (StatusCode::OK, &json!("example")), "{renamed}");
}

#[tokio::test]
async fn who_has_a_handle_when_it_is_reserved_keeps_it() {
    let before = TestAuth::spawn().await;
    before.somebody("press").await;
    let auth = before.replica_told(&["--reserved-handles=press"]).await;
    let press = auth.session("press").await;
    assert_eq!(answer(rename(&auth, &press, "press")).await.0, StatusCode::OK);
}
