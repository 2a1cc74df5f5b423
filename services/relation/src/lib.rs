//! Who follows and who blocks whom.
//!
//! Calls nobody. Every change is published as [`RelationChanged`](contracts::fact::RelationChanged) in the transaction that
//! makes it; one that lets someone see less is answered only when every consumer has applied it.

mod routes;
mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use contracts::Service;
use facts::Outbox;
use identity::Identity;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The tables of the schema `relation`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service.
#[derive(Clone)]
pub struct Relation(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    outbox: Outbox,
}

impl Relation {
    /// The service on its database.
    pub fn new(pool: PgPool, identity: Identity) -> Self {
        let outbox = Outbox::new(pool.clone(), Service::Relation);
        Self(Arc::new(State { pool, identity, outbox }))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        documented().with_state(self.clone()).split_for_parts().0
    }

    /// Nothing of relation is asked for internally: the others keep copies from its facts.
    pub fn private(&self) -> Router {
        Router::new()
    }

    /// Tells facts, until dropped.
    pub async fn background(self) {
        tokio::join!(self.0.outbox.clone().run(), self.clean_up());
    }

    async fn clean_up(&self) {
        loop {
            if let Err(error) = serving::purge_idempotency_keys(&self.0.pool).await {
                tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    }
}

/// The OpenAPI document of the public routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<Relation> {
    OpenApiRouter::new()
        .routes(routes!(routes::relations::show))
        .routes(routes!(routes::follows::create, routes::follows::delete))
        .routes(routes!(routes::blocks::create, routes::blocks::delete))
        .routes(routes!(routes::lists::followers))
        .routes(routes!(routes::lists::following))
}

impl FromRef<Relation> for Identity {
    fn from_ref(relation: &Relation) -> Self {
        relation.0.identity.clone()
    }
}
