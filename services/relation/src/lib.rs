//! How people stand to each other: following, friends, blocks, mutes, notes, secret likes, and whom to follow next.
//!
//! Calls auth, for its public keys, and nobody else. Hears from auth who is hidden or erased, and from social who follows which tags, who
//! does not want to be found and on which day somebody last wrote for everybody. Every change is published as
//! [`RelationChanged`](contracts::fact::RelationChanged) in the transaction that makes it, what somebody may be notified of as
//! [`RelationHappened`](contracts::fact::RelationHappened), and that it holds no more, where the first does not say so, as
//! [`RelationEnded`](contracts::fact::RelationEnded). A change that lets someone see less is answered only when every consumer has
//! applied it.
//!
//! A block is told to nobody, whom it is against least of all. What they do to whoever blocks them is *withheld*: they see
//! it as if it were so, and nobody else hears of it.

mod change;
mod csv;
mod erasure;
mod facts_of_others;
mod hidden;
mod routes;
mod store;
mod told_once;
mod upkeep;

use std::sync::Arc;

use audience::forgetting::Forgetting;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::post;
use contracts::Service;
use database::Wakeups;
use facts::{Consumer, Outbox};
use identity::Identity;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use erasure::Erasure;
use facts_of_others::FactsOfOthers;

/// The tables of the schema `relation`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Whose facts relation hears.
pub const PRODUCERS: [Service; 2] = [Service::Auth, Service::Social];

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

    /// What only auth asks, for a copy of all that is somebody's. The other services keep copies from relation's facts.
    pub fn private(&self) -> Router {
        Router::new().route(contracts::export::EXPORT, post(routes::internal::export)).with_state(self.clone())
    }

    /// Tells and hears facts, forgets who is erased, keeps who is hidden out of counts and the tables in order, and tells once what was
    /// before it was told, until dropped.
    pub async fn background(self, wakeups: &Wakeups) {
        let [auth, social] = PRODUCERS.map(|producer| {
            let wakeup = wakeups.on(&facts::channel(producer));
            Consumer::new(self.0.pool.clone(), Service::Relation, producer, wakeup, FactsOfOthers).run()
        });
        let forgetting = Forgetting::new(self.0.pool.clone(), Service::Relation, self.0.outbox.clone(), Erasure(self.0.clone()));
        tokio::join!(
            self.0.outbox.clone().run(),
            auth,
            social,
            forgetting.run(),
            hidden::run(&self.0.pool),
            self.upkeep(),
            self.tell_what_was_before(),
        );
    }
}

/// The OpenAPI document of the public routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<Relation> {
    // The one route that takes more than the platform's usual limit on bodies.
    let lists = OpenApiRouter::new().routes(routes!(routes::csv::export, routes::csv::import));
    let lists = lists.layer(DefaultBodyLimit::max(csv::MOST_BYTES));

    OpenApiRouter::new()
        .merge(lists)
        .routes(routes!(routes::relations::list))
        .routes(routes!(routes::relations::show))
        .routes(routes!(routes::settings::show, routes::settings::update))
        .routes(routes!(routes::follows::create, routes::follows::delete))
        .routes(routes!(routes::follows::accept, routes::follows::remove))
        .routes(routes!(routes::friends::create, routes::friends::delete))
        .routes(routes!(routes::blocks::create, routes::blocks::delete))
        .routes(routes!(routes::mutes::create, routes::mutes::delete))
        .routes(routes!(routes::notes::create, routes::notes::delete))
        .routes(routes!(routes::likes::create, routes::likes::delete))
        .routes(routes!(routes::lists::followers))
        .routes(routes!(routes::lists::following))
        .routes(routes!(routes::lists::friends))
        .routes(routes!(routes::counts::show))
        .routes(routes!(routes::own_lists::follow_requests))
        .routes(routes!(routes::own_lists::sent_follow_requests))
        .routes(routes!(routes::own_lists::friend_requests))
        .routes(routes!(routes::own_lists::sent_friend_requests))
        .routes(routes!(routes::own_lists::matches))
        .routes(routes!(routes::own_lists::blocks))
        .routes(routes!(routes::own_lists::mutes))
        .routes(routes!(routes::suggestions::list))
        .routes(routes!(routes::suggestions::dismiss))
}

impl FromRef<Relation> for Identity {
    fn from_ref(relation: &Relation) -> Self {
        relation.0.identity.clone()
    }
}
