use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, TestService, assert_problem};

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let service = TestService::spawn(&[]).await;
    assert_problem(service.get("/nowhere").await, StatusCode::NOT_FOUND, "not-found").await;
    let wrong = service.get("/notes").await;
    assert_eq!(wrong.headers()["allow"], "POST");
    assert_problem(wrong, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").await;
    let inside = service.http.get(format!("http://{}/nowhere", service.private)).send().await.unwrap();
    assert_problem(inside, StatusCode::NOT_FOUND, "not-found").await;
}

#[tokio::test]
async fn an_unknown_path_of_the_private_port_is_in_the_trace_of_whoever_called() {
    let service = TestService::spawn(&[]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let call = service.http.get(format!("http://{}/internal/nothing", service.private));
    let answer = call.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["trace_id"], trace);
}

#[tokio::test]
async fn a_body_of_the_limit_is_taken_and_one_byte_more_is_not() {
    let service = TestService::spawn(&["--max-body-bytes=1000"]).await;
    let around = json!({"text": ""}).to_string().len();
    let send = async |bytes: usize| {
        let note = json!({"text": "x".repeat(bytes - around)});
        service.request(Method::POST, "/notes").json(&note).send().await.unwrap()
    };
    assert_eq!(send(1000).await.status(), StatusCode::OK);
    assert_problem(send(1001).await, StatusCode::PAYLOAD_TOO_LARGE, "too-large").await;
}

#[tokio::test]
async fn a_body_without_an_end_is_refused_before_it_has_one() {
    let service = TestService::spawn(&["--max-body-bytes=1000"]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    let head = "POST /notes HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // One chunk of 2,048 bytes, and the body goes on.
    stream.write_all(format!("800\r\n{}\r\n", "x".repeat(2048)).as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    timeout(DEADLINE, stream.read_exact(&mut answer)).await.expect("it waits for the end").unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_the_end_of_an_upload_may_take_longer() {
    let service = TestService::spawn(&["--request-timeout-seconds=1", "--upload-timeout-seconds=40"]).await;
    let upload = service.hold(Method::POST, "/v1/photos/uploads/17/complete").await;
    let late = service.get("/held").await;
    assert!(late.headers().contains_key("retry-after"));
    assert_problem(late, StatusCode::SERVICE_UNAVAILABLE, "unavailable").await;
    service.gate.open.notify_one();
    assert_eq!(upload.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_problem_and_the_service_goes_on() {
    let service = TestService::spawn(&[]).await;
    for _ in 0..3 {
        assert_problem(service.get("/panics").await, StatusCode::INTERNAL_SERVER_ERROR, "internal").await;
    }
    assert_eq!(service.get("/open").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn whoever_sent_a_change_that_the_database_did_not_answer_is_told_that_it_may_be_made() {
    let service = TestService::spawn(&[]).await;
    let lost = service.request(Method::POST, "/lost").send().await.unwrap();
    assert_eq!(lost.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(lost.headers().contains_key("retry-after"));
    let problem: Value = lost.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("may have been done") && detail.contains("Idempotency-Key"), "{detail}");
}
