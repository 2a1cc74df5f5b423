//! Handlers with their requests and responses.

pub(crate) mod acts;
mod bodies;
pub(crate) mod bookmarks;
mod cases;
pub(crate) mod comments;
pub(crate) mod edits;
pub(crate) mod emojis;
pub(crate) mod export;
pub(crate) mod lists;
mod load;
pub(crate) mod moderation;
pub(crate) mod notifications;
mod photos;
pub(crate) mod pins;
pub(crate) mod posts;
pub(crate) mod profiles;
pub(crate) mod reactions;
pub(crate) mod reports;
pub(crate) mod revisions;
pub(crate) mod search;
pub(crate) mod stream;
pub(crate) mod tags;
pub(crate) mod threads;
pub(crate) mod timelines;

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use facts::FactId;
use serde::{Deserialize, Deserializer, Serialize};
use serving::Json;
use utoipa::ToSchema;

use crate::State;
use crate::deletions::Deletion;

/// How long a caller waits until everybody has heard.
const HEARD_BY_ALL: Duration = Duration::from_secs(2);

/// The change is made, and not every service has applied it yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    /// Always `true`.
    pending: bool,
}

/// Has everybody heard of a change that is made? Answered after two seconds in any case.
async fn heard(social: &State, fact: FactId) -> bool {
    // The change is made, so a database that fails now only leaves open who has heard of it.
    social.outbox.passed(fact, HEARD_BY_ALL).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to ask whether a change was heard of");
        false
    })
}

/// The answer to a deletion that is committed.
async fn deleted(social: &State, deletion: &Deletion) -> Response {
    let all_heard = heard(social, deletion.fact).await;
    match deletion.whole && all_heard {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response(),
    }
}

/// Tells `null` from what is left out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
