//! Somebody changes their handle, and is found by the new one.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::process::{All, PASSWORD, post, sign_in, sign_up};

async fn found(http: &Client, url: &str, handle: &str) -> (StatusCode, Value) {
    let answer = http.get(format!("{url}/v1/profiles?handle={handle}")).send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn what_one_writes_after_a_change_shows_the_new_handle() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |_| {});
    let token = sign_up(&http, &all.url, "ada").await;
    post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "as ada" })).await;
    let (_, ada) = found(&http, &all.url, "ada").await;

    let change = json!({ "handle": "countess", "password": PASSWORD });
    let changed = http.put(format!("{}/v1/accounts/me/handle", all.url)).bearer_auth(&token).json(&change).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    let token = sign_in(&http, &all.url, "countess").await;
    post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "as the countess" })).await;
    let (status, countess) = found(&http, &all.url, "countess").await;
    assert_eq!((status, &countess["id"], &countess["handle"]), (StatusCode::OK, &ada["id"], &json!("countess")));
    assert_eq!(found(&http, &all.url, "ada").await.0, StatusCode::NOT_FOUND);
    all.kill();
}
