//! More sign-ups at once than there are places in the queue of password hashes, and more within an hour than one network makes.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, TestAuth, answer};

#[tokio::test(flavor = "multi_thread")]
async fn one_network_that_sends_many_sign_ups_at_once_shuts_nobody_else_out() {
    let auth = TestAuth::with(&["--trusted-proxy-hops=1", "--password-hashes-at-once=1"]).await;
    let device = auth.somebody("ada").await.device;
    let mut signing_up = JoinSet::new();
    for n in 0..66 {
        let request = auth.sign_up(&format!("person_{n}"), PASSWORD).header("x-forwarded-for", "192.0.2.1");
        signing_up.spawn(async move {
            let response = request.send().await.unwrap();
            (response.status(), response.headers().contains_key("retry-after"))
        });
    }
    // The first that is refused says that the network has all it may have.
    let mut answers = Vec::new();
    while !answers.contains(&(StatusCode::TOO_MANY_REQUESTS, true)) {
        answers.push(signing_up.join_next().await.expect("one that is refused").unwrap());
    }
    let hers = json!({"handle": "ada", "password": PASSWORD, "device": device});
    let hers = auth.request(Method::POST, "/v1/sessions").header("x-forwarded-for", "198.51.100.7").json(&hers);
    assert_eq!(answer(hers).await.0, StatusCode::CREATED);

    answers.extend(signing_up.join_all().await);
    let created = answers.iter().filter(|answered| **answered == (StatusCode::CREATED, false)).count();
    let refused = answers.iter().filter(|answered| **answered == (StatusCode::TOO_MANY_REQUESTS, true)).count();
    assert!(created >= 16 && created + refused == 66, "{answers:?}");
}

#[tokio::test]
async fn one_network_makes_so_many_accounts_an_hour_and_others_go_on() {
    let auth = TestAuth::with(&["--trusted-proxy-hops=1", "--sign-ups-per-hour=2"]).await;
    let from = |source: &str, handle: &str| {
        auth.sign_up(handle, PASSWORD).header("x-forwarded-for", source).header("idempotency-key", format!("the key of {handle}"))
    };
    assert_eq!(answer(from("192.0.2.1", "ada")).await.0, StatusCode::CREATED);
    // What makes no account uses nothing up.
    assert_eq!(answer(from("192.0.2.1", "ada")).await.0, StatusCode::CREATED, "it is the answer of before");
    let taken = auth.sign_up("ada", PASSWORD).header("x-forwarded-for", "192.0.2.1");
    assert_eq!(answer(taken).await.0, StatusCode::CONFLICT);
    assert_eq!(answer(from("192.0.2.1", "bob")).await.0, StatusCode::CREATED);

    let refused = from("192.0.2.1", "eve").send().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status() == StatusCode::TOO_MANY_REQUESTS && (1..=3600).contains(&wait), "{wait}");
    assert_eq!(auth.count("accounts").await, 2);
    assert_eq!(answer(from("198.51.100.7", "eve")).await.0, StatusCode::CREATED);
    // Whichever replica is asked.
    let replica = auth.replica_told(&["--trusted-proxy-hops=1", "--sign-ups-per-hour=2"]).await;
    let again = replica.sign_up("mallory", PASSWORD).header("x-forwarded-for", "192.0.2.1");
    assert_eq!(answer(again).await.0, StatusCode::TOO_MANY_REQUESTS);
}
