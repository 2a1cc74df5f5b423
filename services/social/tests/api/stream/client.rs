//! Clients of both kinds of stream.

use std::time::Duration;

use contracts::Service;
use futures::StreamExt;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{Person, TestSocial};

/// How long anything may take to be told.
const DEADLINE: Duration = Duration::from_secs(120);

/// An event.
#[derive(Debug)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub data: Value,
    /// When a client comes back that it ends for, in milliseconds.
    pub retry: Option<u64>,
}

/// A stream of server-sent events.
pub struct Events {
    response: Response,
    buffer: String,
    /// The position at which it began, of one that begins anew.
    pub begun: String,
    /// That of the last event.
    pub last: String,
}

impl Events {
    /// What happens from now on: what was done before has been told to those who listened.
    pub async fn open(social: &TestSocial, who: &Person) -> Self {
        let pool = social.db.superuser_pool(Service::Social);
        let places = "select count(*) filter (where position is null), veiled(coalesce(max(position), 0)) from stream_events";
        loop {
            let (waiting, newest): (i64, i64) = sqlx::query_as(places).fetch_one(&pool).await.expect("the events");
            let probe = Self::at(&social.url, &social.person(), None).await;
            if waiting == 0 && probe.begun == newest.to_string() {
                return Self::at(&social.url, who, None).await;
            }
        }
    }

    /// What happened after an event, and what happens.
    pub async fn resume(social: &TestSocial, who: &Person, last: Option<&str>) -> Self {
        Self::at(&social.url, who, last).await
    }

    pub async fn at(url: &str, who: &Person, last: Option<&str>) -> Self {
        let client = Client::new();
        let response = loop {
            let mut request = client.get(format!("{url}/v1/stream")).bearer_auth(&who.token);
            if let Some(last) = last {
                request = request.header("last-event-id", last);
            }
            let response = request.send().await.expect("an answer");
            // A replica that has just begun.
            if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                break response;
            }
        };
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let last_seen = last.unwrap_or_default().to_owned();
        let mut events = Self { response, buffer: String::new(), begun: String::new(), last: last_seen };
        if last.is_none() {
            let ready = events.next().await;
            assert_eq!(ready.name, "ready");
            events.begun = ready.id;
        }
        events
    }

    pub async fn next(&mut self) -> Told {
        let told = timeout(DEADLINE, self.read()).await.expect("an event in time");
        // The end of a stream has none.
        if !told.id.is_empty() {
            self.last.clone_from(&told.id);
        }
        told
    }

    /// The ids of the next posts that are told.
    pub async fn posts(&mut self, count: usize) -> Vec<String> {
        let mut posts = Vec::new();
        while posts.len() < count {
            let told = self.next().await;
            if told.name == "post" {
                posts.push(told.data["id"].as_str().expect("an id").to_owned());
            }
        }
        posts
    }

    async fn read(&mut self) -> Told {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                // Comments say only that the connection lives.
                if event.lines().any(|line| !line.starts_with(':')) {
                    return parse(&event);
                }
                continue;
            }
            let chunk = self.response.chunk().await.expect("a connection").expect("an event before the end");
            self.buffer.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }
}

fn parse(event: &str) -> Told {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default();
    Told {
        id: field("id").to_owned(),
        name: field("event").to_owned(),
        data: serde_json::from_str(field("data")).expect("JSON"),
        retry: field("retry").parse().ok(),
    }
}

/// A stream over a WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(social: &TestSocial, who: &Person, last: Option<&str>) -> Self {
        let mut request = address(social, last);
        request.headers_mut().insert("authorization", format!("Bearer {}", who.token).parse().expect("a header"));
        let mut socket = Self(connect_async(request).await.expect("a WebSocket").0);
        if last.is_none() {
            assert_eq!(socket.next().await.name, "ready");
        }
        socket
    }

    /// With the token among the protocols.
    pub async fn offer(social: &TestSocial, who: &Person, last: &str) -> Self {
        let mut request = address(social, Some(last));
        let offered = format!("socialplatform.v1, bearer.{}", who.token);
        request.headers_mut().insert("sec-websocket-protocol", offered.parse().expect("a header"));
        let (socket, answer) = connect_async(request).await.expect("a WebSocket");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "socialplatform.v1");
        Self(socket)
    }

    async fn message(&mut self) -> Message {
        let message = timeout(DEADLINE, self.0.next()).await.expect("a message in time");
        message.expect("a message before the end").expect("a connection")
    }

    pub async fn next(&mut self) -> Told {
        loop {
            if let Message::Text(text) = self.message().await {
                let told: Value = serde_json::from_str(text.as_str()).expect("JSON");
                let text = |field: &str| told[field].as_str().expect("a text").to_owned();
                return Told { id: text("id"), name: text("event"), data: told["data"].clone(), retry: None };
            }
        }
    }

    /// With which code and reason it is closed.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.message().await {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.as_str().to_owned());
            }
        }
    }
}

fn address(social: &TestSocial, last: Option<&str>) -> Request {
    let query = last.map(|last| format!("?last_event_id={last}")).unwrap_or_default();
    let url = format!("{}/v1/stream/ws{query}", social.url.replace("http://", "ws://"));
    url.into_client_request().expect("an address")
}
