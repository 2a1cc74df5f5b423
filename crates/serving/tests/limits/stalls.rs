use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{DEADLINE, LARGE, LARGER, TestService};

/// Asks for what is larger than the buffers of a connection. Its own does not grow, whatever the kernel allows.
async fn ask(service: &TestService, path: &str, headers: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(512 * 1024).unwrap();
    let mut stream = socket.connect(service.public).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n{headers}\r\n").as_bytes()).await.unwrap();
    stream
}

/// That whoever asks and reads nothing is let go, and leaves the only place there is.
async fn is_let_go(path: &str, headers: &str) {
    let service = TestService::spawn(&["--max-connections=1", "--read-stall-seconds=1"]).await;
    let mut stalled = ask(&service, path, headers).await;
    let answer = timeout(DEADLINE, service.get("/open")).await.expect("there is a place again");
    assert_eq!(answer.status(), StatusCode::OK);
    // What the buffers held.
    let mut taken = Vec::new();
    let _ = timeout(DEADLINE, stalled.read_to_end(&mut taken)).await.expect("there is an end");
    assert!(taken.starts_with(b"HTTP/1.1 ") && taken.len() < LARGE, "{}", taken.len());
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go_and_leaves_a_place() {
    is_let_go("/large", "").await;
}

#[tokio::test]
async fn who_takes_nothing_of_a_web_socket_is_let_go_and_leaves_a_place() {
    let upgrade =
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    is_let_go("/gushes", upgrade).await;
}

#[tokio::test]
async fn who_reads_slowly_gets_all() {
    let service = TestService::spawn(&["--read-stall-seconds=5"]).await;
    let mut slow = ask(&service, "/larger", "connection: close\r\n").await;
    // Longer in all than a stall may be, and nearly all the while something waits to be taken, but never for long.
    let (mut taken, begun) = (0, Instant::now());
    loop {
        let (mut next, mut piece) = ((&mut slow).take(256 * 1024), Vec::new());
        match timeout(DEADLINE, next.read_to_end(&mut piece)).await.expect("it goes on").expect("the connection holds") {
            0 => break,
            read => taken += read,
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let lasted = begun.elapsed();
    assert!(taken > LARGER && lasted > Duration::from_secs(6), "{taken} in {lasted:?}");
}
