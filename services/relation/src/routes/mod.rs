//! Handlers with their requests and responses.

pub(crate) mod blocks;
pub(crate) mod follows;
pub(crate) mod lists;
pub(crate) mod relations;

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::AccountId;
use facts::FactId;
use serde::Serialize;
use serving::{Json, Problem, Result};
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

/// Answers a change that narrows who may see: 204 when every service has applied it, 202 when some are still at it. Where
/// nothing had to be changed (`None`), an earlier request did it, and it may be what some are still at.
async fn narrowed(relation: &State, fact: Option<FactId>) -> Response {
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
    let heard = heard.await.unwrap_or_else(|error: sqlx::Error| {
        tracing::warn!(%error, "failed to ask whether a change was heard of");
        false
    });
    match heard {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response(),
    }
}

fn not_oneself(viewer: AccountId, other: AccountId) -> Result<()> {
    match viewer == other {
        true => Err(Problem::unprocessable("This is you: follow or block somebody else.")),
        false => Ok(()),
    }
}
