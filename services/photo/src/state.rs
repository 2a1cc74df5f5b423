use axum::extract::FromRef;
use facts::Outbox;
use identity::Identity;
use sqlx::PgPool;

use crate::PhotoConfig;
use crate::objects::Objects;
use crate::processing::Processing;

/// What the handlers and the background work share.
#[derive(Clone)]
pub struct AppState {
    pub(crate) pool: PgPool,
    pub(crate) identity: Identity,
    pub(crate) outbox: Outbox,
    pub(crate) objects: Objects,
    pub(crate) processing: Processing,
}

impl AppState {
    /// `outbox` must be a clone of the one whose `run` sequences photo's facts.
    pub fn new(config: &PhotoConfig, pool: PgPool, identity: Identity, outbox: Outbox) -> Self {
        Self { pool, identity, outbox, objects: Objects::new(&config.s3), processing: Processing::new(config) }
    }
}

impl FromRef<AppState> for Identity {
    fn from_ref(state: &AppState) -> Self {
        state.identity.clone()
    }
}
