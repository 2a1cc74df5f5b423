//! What happens, while it happens: as server-sent events, or over a WebSocket.

mod feed;
mod item;
mod socket;

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Serialize};
use serving::{Connection, Problem, ProblemDocument, Query, Result};
use utoipa::IntoParams;

use crate::Social;
use crate::store::profiles;
use feed::Feed;
use item::Item;

/// The protocol that is spoken over a WebSocket.
const PROTOCOL: &str = "socialplatform.v1";
/// What stands before an access token that is sent as a protocol, because a browser can send it in no other way.
const BEARER: &str = "bearer.";

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The `id` of the last event that you have; the header `Last-Event-ID` says the same.
    last_event_id: Option<String>,
}

/// What a client has seen of the position of its last event.
pub(crate) struct Resume(Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for Resume {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(Asked { last_event_id }) = Query::<Asked>::from_request_parts(parts, state).await?;
        let header = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let last = match last_event_id.or(header).filter(|last| !last.is_empty()) {
            None => None,
            Some(last) => match last.parse() {
                Ok(last) if last >= 0 => Some(last),
                _ => return Err(Problem::bad_request("Take Last-Event-ID from the `id` of an event of this stream.")),
            },
        };
        Ok(Self(last))
    }
}

/// Why a stream ends, as the last event says.
#[derive(Serialize)]
struct Ended {
    reason: &'static str,
}

/// Server-sent events: `post` (a post for your home timeline), `edit` (one that was changed, or is for you since a change),
/// `notification`, `delete` (`{"id": …}`, a post that is gone), `ready` (you miss nothing after its `id`), `reset` (too much has
/// happened since your `Last-Event-ID`: read the lists), and `end` with a `reason`. A comment comes every 15 seconds. Whatever ends the stream, go on with `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/stream", operation_id = "stream", tag = "stream", params(Asked), responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    (status = 401, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "You have 8 streams open"),
    (status = 503, body = ProblemDocument, description = "There are too many streams"),
))]
pub(crate) async fn events(State(social): State<Social>, viewer: Viewer, connection: Connection, Resume(last): Resume) -> Result<Response> {
    meet(&social, &viewer).await?;
    let feed = Feed::open(social, viewer, connection, last)?;
    let events = futures::stream::unfold(feed, |mut feed| async move {
        let item = feed.next().await?;
        Some((Ok::<_, Infallible>(event(item)), feed))
    });
    // `X-Accel-Buffering` asks nginx to hand on what comes when it comes.
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(events)).into_response())
}

fn event(item: Item) -> Event {
    match item {
        Item::Event(event) => Event::default().id(event.id.to_string()).event(event.name).data(event.data),
        Item::Heartbeat => Event::DEFAULT_KEEP_ALIVE,
        Item::End(end) => Event::default().event("end").data(json(&Ended { reason: end.reason() })).retry(later()),
    }
}

/// When to come back: each a little earlier or later than the others whose streams end at the same time.
fn later() -> Duration {
    Duration::from_millis(1_000 + RandomState::new().hash_one(()) % 9_000)
}

/// The same events over a WebSocket, each a text of `{"id": …, "event": …, "data": …}`; its end is a close frame with the
/// reason. Where you cannot send the header `Authorization`, offer the protocols `socialplatform.v1` and
/// `bearer.<access token>`. Answer pings, as every library does: who does not is taken for gone.
#[utoipa::path(get, path = "/v1/stream/ws", operation_id = "stream_ws", tag = "stream", params(Asked), responses(
    (status = 101, description = "The WebSocket is open"),
    (status = 400, body = ProblemDocument, description = "It is no WebSocket that you open"),
    (status = 401, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "You have 8 streams open"),
    (status = 503, body = ProblemDocument, description = "There are too many streams"),
))]
pub(crate) async fn web_socket(
    State(social): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    connection: Connection,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    Resume(last): Resume,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| Problem::bad_request("Open this address as a WebSocket."))?;
    let viewer = match viewer {
        Some(viewer) => viewer,
        None => offered(&social, &upgrade).await?,
    };
    meet(&social, &viewer).await?;
    let feed = Feed::open(social, viewer, connection, last)?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(socket::LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| socket::run(socket, feed)))
}

/// Whoever listens has a profile from then on. In turns, so that many who come at once leave connections to the others.
async fn meet(Social(social): &Social, viewer: &Viewer) -> Result<()> {
    let _turn = social.live.reads.acquire().await.map_err(Problem::internal)?;
    let mut tx = social.pool.begin().await?;
    profiles::ensure(&mut tx, viewer).await?;
    tx.commit().await?;
    Ok(())
}

/// The viewer whose access token was offered as a protocol.
async fn offered(social: &Social, upgrade: &WebSocketUpgrade) -> Result<Viewer> {
    let token = upgrade.requested_protocols().find_map(|protocol| protocol.to_str().ok()?.strip_prefix(BEARER).map(str::to_owned));
    match token {
        Some(token) => social.0.identity.viewer(&token).await,
        None => {
            Err(Problem::unauthorized("Sign in, and send the access token as `Authorization: Bearer …` or as the protocol `bearer.…`."))
        }
    }
}

/// Ours always serializes.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
