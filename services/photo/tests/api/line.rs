//! HTTP by hand, for callers who are slow, fall silent, or hang up.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Person, TestPhoto};

/// Longer than the service waits for anything here.
const DEADLINE: Duration = Duration::from_secs(120);

/// An upload as a form that is sent as a test pleases.
pub struct Line {
    connection: TcpStream,
    /// What is yet to be sent.
    body: Vec<u8>,
}

impl Line {
    /// Asks whether to send `file`, and sends nothing of it.
    pub async fn ask(photos: &TestPhoto, who: &Person, file: &[u8]) -> Self {
        let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
        let body = [part.as_bytes(), file, b"\r\n--b--\r\n"].concat();
        let head = format!(
            "POST /v1/photos HTTP/1.1\r\nHost: photo\r\nAuthorization: Bearer {}\r\nExpect: 100-continue\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
            who.token,
            body.len(),
        );
        let mut connection = TcpStream::connect(photos.url.trim_start_matches("http://")).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        Self { connection, body }
    }

    /// Waits for the head of the next answer, in small letters. `http/1.1 100 continue` comes when the service begins to read.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(DEADLINE, self.connection.read_u8()).await.expect("it answers in time").expect("it answers"));
        }
        String::from_utf8(head).unwrap().to_lowercase()
    }

    /// Sends the next bytes.
    pub async fn send(&mut self, bytes: usize) {
        let rest = self.body.split_off(bytes);
        self.connection.write_all(&self.body).await.unwrap();
        self.body = rest;
    }

    /// Sends all that is left.
    pub async fn send_rest(&mut self) {
        self.send(self.body.len()).await;
    }
}
