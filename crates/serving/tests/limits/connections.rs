use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, TestService};

/// Waits until the service hangs up, sending `drip` now and then.
async fn until_cut_off(mut stream: TcpStream, drip: &[u8]) {
    let mut buffer = [0; 256];
    let hung_up = async {
        loop {
            let over = match timeout(Duration::from_millis(200), stream.read(&mut buffer)).await {
                Ok(read) => read.unwrap_or(0) == 0,
                Err(_) => stream.write_all(drip).await.is_err(),
            };
            if over {
                break;
            }
        }
    };
    timeout(DEADLINE, hung_up).await.expect("the connection is still held open");
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let service = TestService::spawn(&[]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    stream.write_all(b"GET /open HTTP/1.1\r\nhost: test\r\nx-slow: ").await.unwrap();
    until_cut_off(stream, b"a").await;
    assert_eq!(service.get("/open").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_cut_off() {
    let service = TestService::spawn(&[]).await;
    // Nothing at all; and the start of the HTTP/2 preface, so that it is not even known which protocol it is.
    for start in [&b""[..], b"PRI * HTTP/2.0"] {
        let mut stream = TcpStream::connect(service.public).await.unwrap();
        stream.write_all(start).await.unwrap();
        until_cut_off(stream, b"").await;
    }
}

#[tokio::test]
async fn what_gateways_and_our_own_services_keep_is_kept_for_longer() {
    let (service, behind_gateway) = (TestService::spawn(&[]).await, TestService::spawn(&["--trusted-proxy-hops=1"]).await);
    let kept = [(service.private, "/livez"), (behind_gateway.public, "/open")];
    let mut connections = Vec::new();
    for (address, path) in kept {
        connections.push((TcpStream::connect(address).await.unwrap(), path));
    }
    // One that is younger, and a stranger's.
    until_cut_off(TcpStream::connect(service.public).await.unwrap(), b"").await;
    for (mut connection, path) in connections {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
}
