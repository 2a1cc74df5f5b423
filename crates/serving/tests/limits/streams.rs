use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use crate::support::{DEADLINE, TestService};

async fn drops(answer: &mut Response, bytes: usize) {
    let mut seen = 0;
    while seen < bytes {
        let chunk = timeout(DEADLINE, answer.chunk()).await.expect("it goes on").expect("a connection");
        seen += chunk.expect("it does not end").len();
    }
}

#[tokio::test]
async fn an_answer_that_has_begun_may_take_longer_than_a_request() {
    let service = TestService::spawn(&["--request-timeout-seconds=1"]).await;
    let mut answer = service.get("/drips").await;
    // A byte each 100 ms.
    drops(&mut answer, 20).await;
}

#[tokio::test]
async fn an_answer_without_an_end_ends_at_a_shutdown() {
    let mut service = TestService::spawn(&[]).await;
    let mut answer = service.get("/drips").await;
    drops(&mut answer, 1).await;
    service.stop();
    while timeout(DEADLINE, answer.chunk()).await.expect("it ends").expect("a connection").is_some() {}
    timeout(Duration::from_secs(10), service.serving).await.expect("nothing is left to wait for").unwrap();
}
