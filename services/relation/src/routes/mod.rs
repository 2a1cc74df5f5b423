//! Handlers with their requests and responses.

pub(crate) mod blocks;
pub(crate) mod counts;
pub(crate) mod csv;
pub(crate) mod follows;
pub(crate) mod friends;
pub(crate) mod internal;
pub(crate) mod likes;
pub(crate) mod lists;
pub(crate) mod mutes;
pub(crate) mod notes;
pub(crate) mod own_lists;
pub(crate) mod relations;
pub(crate) mod settings;
pub(crate) mod suggestions;

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use facts::FactId;
use serde::Serialize;
use serving::Json;
use utoipa::ToSchema;

use crate::State;

/// How long a caller waits until everybody has heard.
const HEARD_BY_ALL: Duration = Duration::from_secs(2);

/// The change is made, and not every service has applied it yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    /// Always `true`.
    pending: bool,
}

/// It is asked for, and somebody has to agree.
#[derive(Serialize, ToSchema)]
pub(crate) struct Requested {
    /// Always `true`.
    requested: bool,
}

/// Answers what is done, or waits for somebody to agree.
fn agreed(done: bool) -> Response {
    match done {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::ACCEPTED, Json(Requested { requested: true })).into_response(),
    }
}

/// Answers a change that narrows who may see: 204 when every service has applied it, 202 when some are still at it.
async fn narrowed(relation: &State, fact: Option<FactId>) -> Response {
    match heard(relation, fact).await {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response(),
    }
}

/// Waits until every service has applied a fact; `false` if some are still at it. Where nothing had to be changed
/// (`None`), an earlier request did it, and it may be what some are still at.
async fn heard(relation: &State, fact: Option<FactId>) -> bool {
    let heard = async {
        let newest = match fact {
            Some(fact) => Some(fact),
            None => relation.outbox.newest().await?,
        };
        match newest {
            Some(fact) => relation.outbox.passed(fact, HEARD_BY_ALL).await,
            None => Ok(true),
        }
    };
    // The change is made, so a database that fails now only leaves this question open.
    heard.await.unwrap_or_else(|error: sqlx::Error| {
        tracing::warn!(%error, "failed to ask whether a change was heard of");
        false
    })
}
