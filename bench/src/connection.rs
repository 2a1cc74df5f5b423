//! One connection, kept alive, with one request at a time: as a browser or a gateway holds it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Result;
use crate::call::{Answer, Call};

/// Longer than a service lets a request take.
const LONGEST: Duration = Duration::from_secs(330);

/// A connection, or none yet.
pub struct Connection {
    to: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Opens one.
    pub async fn open(to: SocketAddr) -> Result<Self> {
        Ok(Self { to, sender: Some(connect(to).await?) })
    }

    /// Sends a request and reads the whole answer, whatever its status is.
    pub async fn send(&mut self, call: &Call) -> Result<Answer> {
        match tokio::time::timeout(LONGEST, self.exchange(call)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.sender = None;
                Err(format!("no answer to {} within {} s", call.kind, LONGEST.as_secs()).into())
            }
        }
    }

    async fn exchange(&mut self, call: &Call) -> Result<Answer> {
        let request = call.request(self.to)?;
        let (parts, body) = self.ready().await?.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// The open connection, or a new one where the server has closed it.
    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.sender = Some(connect(self.to).await?);
        }
        Ok(self.sender.as_mut().expect("it was opened above"))
    }
}

async fn connect(to: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(to).await.map_err(|error| format!("failed to connect to {to}: {error}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // What breaks it is told to whoever waits for an answer.
        let _ = connection.await;
    });
    Ok(sender)
}
