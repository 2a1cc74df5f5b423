//! A copy of all that is somebody's, as one tar. It is gathered while it is downloaded, and never lies anywhere as a whole.
//!
//! ```text
//!   auth's own tables ─────────────┐
//!   social, photo, relation: pages ┼─► files, one after the other ─► a channel of few pieces ─► the answer
//!   photo: pictures, one by one ───┘
//! ```
//!
//! What is in memory is one page or one picture a download, and there is room for few downloads. Whoever reads too slowly is
//! given up. An archive that fails on the way ends without its end, so that nobody takes it for whole.

mod gather;
mod tape;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use contracts::client::{CallError, ExportClient};
use contracts::{AccountId, SessionId};
use serving::{Problem, Result};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::State;
use crate::store::exports;

/// Downloads at once in one replica.
const MOST: usize = 4;

/// Makes exports of what the other services keep, and auth.
pub(crate) struct Exporter {
    services: Vec<ExportClient>,
    room: Arc<Semaphore>,
}

/// A download that may begin.
pub(crate) struct Download {
    pub(crate) export: i64,
    pub(crate) account: AccountId,
    /// It goes no further than the session in which it was begun.
    pub(crate) session: SessionId,
}

/// Why an archive ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("failed to read what auth keeps")]
    Own(#[from] sqlx::Error),
    #[error("failed to write a file of the archive")]
    File(#[from] std::io::Error),
    #[error("a page of the {0} service says that the next one is itself")]
    Endless(&'static str),
    #[error("the session has ended, and the download with it")]
    Ended,
    #[error("nobody reads the download any more")]
    GivenUp,
}

impl Exporter {
    pub(crate) fn new(services: Vec<ExportClient>) -> Self {
        Self { services, room: Arc::new(Semaphore::new(MOST)) }
    }
}

/// Begins a download that was [claimed](exports::claim); gives the claim back, however it ends.
pub(crate) async fn begin(auth: Arc<State>, download: Download) -> Result<Body> {
    let Ok(place) = auth.exporter.room.clone().try_acquire_owned() else {
        exports::give_back(&auth.pool, download.export, false).await?;
        return Err(Problem::unavailable("Too many downloads go on at once. Try again.", Duration::from_secs(30)));
    };
    let (mut tape, body) = tape::new();
    let write = async move {
        let written = gather::all(&auth, &download, &mut tape).await;
        if let Err(error) = exports::give_back(&auth.pool, download.export, written.is_ok()).await {
            tracing::warn!(%error, "failed to note the end of a download; it ends by itself in two minutes");
        }
        if let Err(error) = written {
            tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "an export ended early");
            tape.break_off(error).await;
        }
        drop(place);
    };
    tokio::spawn(write.in_current_span());
    Ok(body)
}
