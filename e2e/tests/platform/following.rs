//! Somebody who listens to their stream, and goes on where it ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use http::Method;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::gateway::{Person, text};
use crate::load::Load;

/// Longer than any story: a stream has no end of its own.
const LONG: Duration = Duration::from_secs(3600);

/// What has come so far.
#[derive(Default)]
pub struct Heard {
    /// Told when the stream says that nothing is missed from then on.
    pub ready: Arc<Notify>,
    /// The ids of posts.
    pub posts: BTreeSet<String>,
    /// How often the stream was opened.
    pub opened: usize,
    last: Option<String>,
    /// When the stream said to come back, as its field `retry` does.
    pause: Duration,
}

impl Heard {
    /// Listens until `enough`, opening the stream anew when it says to, whenever it ends in good order. An end in disorder is a failure, and
    /// so is a stream that does not open.
    pub async fn listen(&mut self, mut person: Person, load: &Load, enough: impl Fn(&Heard) -> bool) {
        while !enough(self) {
            sleep(self.pause).await;
            load.keep_signed_in(&mut person).await;
            let mut request = person.request(Method::GET, "/v1/stream").timeout(LONG);
            if let Some(last) = &self.last {
                request = request.header("last-event-id", last);
            }
            self.opened += 1;
            match request.send().await {
                Ok(response) if response.status().is_success() => self.read(response, load, &enough).await,
                Ok(response) => return load.fail(format!("a stream does not open: {}", response.status())),
                Err(error) => return load.fail(format!("a stream does not open: {error:?}")),
            }
        }
    }

    async fn read(&mut self, response: reqwest::Response, load: &Load, enough: &impl Fn(&Heard) -> bool) {
        let mut pieces = response.bytes_stream();
        let mut waiting = Vec::new();
        let mut has_ended = false;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => waiting.extend_from_slice(&piece),
                Err(error) => return load.fail(format!("a stream was cut: {error:?}")),
            }
            while let Some(end) = waiting.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = waiting.drain(..end + 2).collect();
                has_ended |= self.take(&String::from_utf8_lossy(&event));
            }
            if enough(self) {
                return;
            }
        }
        if !has_ended {
            load.fail("a stream ended without saying why".to_owned());
        }
    }

    /// Takes an event in; is it the last one of its stream?
    fn take(&mut self, event: &str) -> bool {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start);
        if let Some(id) = field("id") {
            self.last = Some(id.to_owned());
        }
        if let Some(pause) = field("retry").and_then(|pause| pause.parse().ok()) {
            self.pause = Duration::from_millis(pause);
        }
        if field("event") == Some("post") {
            let post: Value = serde_json::from_str(field("data").unwrap_or_default()).expect("the data of an event is JSON");
            self.posts.insert(text(&post, "/id"));
        }
        if field("event") == Some("ready") {
            self.ready.notify_one();
        }
        field("event") == Some("end")
    }
}
