//! Profiles, posts, comments, reactions and timelines.
//!
//! Calls photo, once a post with images: "may this author show these?" Hears relation (who sees whom) and photo (what a
//! photo's state is), and keeps copies of both, so that no read asks anybody. Tells photo when a post is shown to fewer.

mod emoji;
mod facts_of_others;
mod routes;
mod store;
mod text;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use contracts::Service;
use contracts::client::PhotoClient;
use database::Wakeups;
use facts::{Consumer, Outbox};
use identity::{Identity, ServiceSigner};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use facts_of_others::FactsOfOthers;

/// The tables of the schema `social`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Whose facts social hears.
pub const PRODUCERS: [Service; 2] = [Service::Relation, Service::Photo];

/// The service.
#[derive(Clone)]
pub struct Social(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    outbox: Outbox,
    photo: PhotoClient,
    signer: ServiceSigner,
}

impl Social {
    /// The service on its database; `signer` signs its grants for private photos.
    pub fn new(pool: PgPool, identity: Identity, photo: PhotoClient, signer: ServiceSigner) -> Self {
        let outbox = Outbox::new(pool.clone(), Service::Social);
        Self(Arc::new(State { pool, identity, outbox, photo, signer }))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        documented().with_state(self.clone()).split_for_parts().0
    }

    /// Nothing of social is asked for internally.
    pub fn private(&self) -> Router {
        Router::new()
    }

    /// Tells and hears facts, until dropped.
    pub async fn background(self, wakeups: &Wakeups) {
        let [relation, photo] = PRODUCERS.map(|producer| {
            let wakeup = wakeups.on(&facts::channel(producer));
            Consumer::new(self.0.pool.clone(), Service::Social, producer, wakeup, FactsOfOthers).run()
        });
        tokio::join!(self.0.outbox.clone().run(), relation, photo, self.clean_up());
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

fn documented() -> OpenApiRouter<Social> {
    OpenApiRouter::new()
        .routes(routes!(routes::profiles::find))
        .routes(routes!(routes::profiles::show))
        .routes(routes!(routes::profiles::update))
        .routes(routes!(routes::posts::create))
        .routes(routes!(routes::posts::show, routes::posts::delete))
        .routes(routes!(routes::comments::list))
        .routes(routes!(routes::reactions::create, routes::reactions::delete))
        .routes(routes!(routes::timelines::home))
        .routes(routes!(routes::timelines::public))
        .routes(routes!(routes::timelines::account))
}

impl FromRef<Social> for Identity {
    fn from_ref(social: &Social) -> Self {
        social.0.identity.clone()
    }
}
