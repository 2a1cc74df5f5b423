use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, TestService};

/// Reads up to the end of the head of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let reading = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
    };
    timeout(DEADLINE, reading).await.expect("an answer in time");
    String::from_utf8(head).expect("ASCII")
}

/// Reads what follows the head.
async fn body(stream: &mut TcpStream, head: &str) {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.expect("a body");
}

#[tokio::test]
async fn who_is_refused_while_sending_hears_the_answer_and_may_go_on() {
    let service = TestService::spawn(&["--max-body-bytes=1000"]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    // Refused by the address, by the method, by the type and by the length; none of it reads the body.
    for (request, status) in [
        ("POST /nowhere HTTP/1.1", "404"),
        ("PUT /notes HTTP/1.1", "405"),
        ("POST /notes HTTP/1.1", "415"),
        ("POST /notes HTTP/1.1\r\ncontent-type: application/json", "413"),
    ] {
        let length = 4 << 20;
        stream.write_all(format!("{request}\r\nhost: test\r\ncontent-length: {length}\r\n\r\n").as_bytes()).await.unwrap();
        // More than the buffers of a connection hold: unless it is read, this fails or never ends.
        timeout(DEADLINE, stream.write_all(&vec![b'x'; length])).await.expect("it is read").expect("the connection holds");
        let head = head(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        body(&mut stream, &head).await;
    }
    stream.write_all(b"GET /open HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_waits_to_be_asked_for_the_body_is_not_asked_for_what_nobody_wants() {
    let service = TestService::spawn(&[]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    let request = "POST /nowhere HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn what_is_too_much_to_read_is_refused_at_once() {
    let service = TestService::spawn(&[]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    let request = "POST /nowhere HTTP/1.1\r\nhost: test\r\ncontent-length: 99999999999\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_rest_that_does_not_come_is_not_waited_for_for_ever() {
    let service = TestService::spawn(&[]).await;
    let mut stream = TcpStream::connect(service.public).await.unwrap();
    stream.write_all(b"POST /nowhere HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\nhalf").await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 404"));
}
