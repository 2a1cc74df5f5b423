use reqwest::{Method, Response, StatusCode};

use crate::support::{TestService, assert_problem};

/// Asks until it is told that it asks too often; `n` counts.
async fn until_limited(service: &TestService, forwarded_for: impl Fn(usize) -> String) -> Response {
    for n in 1..250 {
        let answer = service.request(Method::GET, "/open").header("x-forwarded-for", forwarded_for(n)).send().await.unwrap();
        if answer.status() != StatusCode::OK {
            return answer;
        }
    }
    panic!("it is never told so");
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_ask_again_and_no_header_helps() {
    let service = TestService::spawn(&["--rate-per-address=1"]).await;
    let limited = until_limited(&service, |n| format!("203.0.113.{n}")).await;
    let wait: u64 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_problem(limited, StatusCode::TOO_MANY_REQUESTS, "too-many-requests").await;
    // Whoever asks whether it lives is not counted.
    assert_eq!(service.ready().await, StatusCode::OK);
}

#[tokio::test]
async fn behind_a_trusted_proxy_only_what_the_proxy_wrote_counts() {
    let service = TestService::spawn(&["--rate-per-address=1", "--trusted-proxy-hops=1"]).await;
    let limited = until_limited(&service, |n| format!("203.0.113.{n}, 198.51.100.7")).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    let neighbor = service.request(Method::GET, "/open").header("x-forwarded-for", "198.51.100.7, 198.51.100.8");
    assert_eq!(neighbor.send().await.unwrap().status(), StatusCode::OK);
}
