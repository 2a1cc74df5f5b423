//! A durable queue in PostgreSQL.
//!
//! ```text
//!  enqueue (in the transaction of the cause) ─► jobs ─► Worker: claim, run, delete
//!                                                ▲         │ failed: again after 1 s, 2 s, 4 s … an hour
//!                                                └─────────┘ died: again when its claim runs out
//! ```
//!
//! A job runs at least once, so what it does must be idempotent.

mod backlog;
mod worker;

use serde::Serialize;
use sqlx::PgConnection;

pub use worker::{JobError, Run, Worker};

/// Owes a job to the world, from the moment that the transaction commits. `kind` names who runs it.
pub async fn enqueue(connection: &mut PgConnection, kind: &str, payload: &impl Serialize) -> sqlx::Result<()> {
    let payload = serde_json::to_value(payload).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query("insert into jobs (kind, payload, traceparent) values ($1, $2, $3)")
        .bind(kind)
        .bind(payload)
        .bind(telemetry::traceparent())
        .execute(connection)
        .await
        .map(drop)
}
