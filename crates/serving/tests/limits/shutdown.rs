use std::time::{Duration, Instant};

use reqwest::header::CONNECTION;
use reqwest::{Method, StatusCode};
use tokio::time::timeout;

use crate::support::{DEADLINE, TestService};

#[tokio::test]
async fn a_shutdown_is_announced_and_what_is_in_flight_ends_well() {
    let mut service = TestService::spawn(&["--drain-seconds=5"]).await;
    let held = service.hold(Method::GET, "/held").await;
    assert_eq!(service.ready().await, StatusCode::OK);
    assert_eq!(service.get("/open").await.headers().get(CONNECTION), None);
    service.stop();
    let deadline = Instant::now() + DEADLINE;
    while service.ready().await != StatusCode::SERVICE_UNAVAILABLE {
        assert!(Instant::now() < deadline, "it still says that it is ready");
    }
    // Load balancers have not looked yet: whoever comes is served, and sends the next request elsewhere.
    let answer = service.get("/open").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[CONNECTION], "close");

    service.until_closed().await;
    service.gate.open.notify_one();
    let answer = timeout(DEADLINE, held).await.unwrap().unwrap();
    assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "held and let go"));
    timeout(DEADLINE, service.serving).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_holds_nothing_up() {
    let mut service = TestService::spawn(&["--finish-seconds=1"]).await;
    let held = service.hold(Method::POST, "/v1/photos/uploads/17/complete").await;
    service.stop();
    timeout(Duration::from_secs(60), service.serving).await.expect("it ends long before the usual time is over").unwrap();
    held.abort();
}

#[tokio::test]
async fn a_full_house_closes_too() {
    let mut service = TestService::spawn(&["--max-connections=1"]).await;
    let held = service.hold(Method::GET, "/held").await;
    service.stop();
    service.until_closed().await;
    service.gate.open.notify_one();
    assert_eq!(held.await.unwrap().status(), StatusCode::OK);
    timeout(DEADLINE, service.serving).await.expect("it ends").unwrap();
}
