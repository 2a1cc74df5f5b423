//! A stream over a WebSocket.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::time::{Instant, timeout};

use super::feed::Feed;
use super::item::{End, Item, Sent};

/// Nobody has to say anything here, so what is said is short.
pub(super) const LONGEST_MESSAGE: usize = 4096;
/// How long a message may take to be taken.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who has answered nothing for three pings is gone.
const SILENCE: Duration = Duration::from_secs(50);

/// Sends until either side ends it.
pub(super) async fn run(mut socket: WebSocket, mut feed: Feed) {
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            said = socket.recv() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {
                    heard = Instant::now();
                    continue;
                }
            },
            () = tokio::time::sleep_until(heard + SILENCE) => return,
            item = feed.next() => match item {
                Some(Item::Event(event)) => frame(&event),
                Some(Item::Heartbeat) => Message::Ping(Bytes::new()),
                Some(Item::End(end)) => closing(end),
                None => return,
            },
        };
        let last = matches!(message, Message::Close(_));
        let taken = timeout(PATIENCE, socket.send(message)).await;
        if last || !matches!(taken, Ok(Ok(()))) {
            return;
        }
    }
}

/// The data is JSON already.
fn frame(Sent { id, name, data }: &Sent) -> Message {
    Message::Text(format!(r#"{{"id":"{id}","event":"{name}","data":{data}}}"#).into())
}

fn closing(end: End) -> Message {
    let code = match end {
        End::SignedOut => close_code::POLICY,
        End::Behind | End::Unavailable => close_code::AGAIN,
        End::Stopping => close_code::AWAY,
        End::Renew => close_code::NORMAL,
    };
    Message::Close(Some(CloseFrame { code, reason: end.reason().into() }))
}
