//! Profiles, posts, comments, reactions, custom emoji and timelines, and what administrators do about reports.
//!
//! Calls photo, once a post with images: "may this author show these?" Hears relation (who sees whom) and photo (what a
//! photo's state is), and keeps copies of both, so that no read asks anybody. Hears from auth who is hidden and whom to forget. Tells
//! photo when a post is shown to fewer, and what shows the photos of others, and relation who follows which tags, who does not want
//! to be found and on which day somebody last wrote for everybody.
//!
//! What follows from a write (deliveries to home timelines, notifications, events of streams, words to search for) is made
//! by triggers, in the migrations from 0020 on: in the transaction of the write, and by no path forgotten.

mod counts;
mod deletions;
mod details;
mod emoji;
mod entities;
mod erasure;
mod facts_of_others;
mod facts_of_relation;
mod hidden;
mod home;
mod routes;
mod store;
mod stream;
mod text;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use audience::forgetting::Forgetting;
use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use contracts::Service;
use contracts::client::PhotoClient;
use database::Wakeups;
use facts::{Consumer, Outbox};
use identity::{Identity, ServiceSigner};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use erasure::Erasure;
use facts_of_others::FactsOfOthers;
use store::{notifications, profiles};
use stream::Live;

/// The tables of the schema `social`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long after its start an upgrade is over: no older version of another service answers or hears any more.
const UPGRADED: Duration = Duration::from_secs(600);

/// Whose facts social hears.
pub const PRODUCERS: [Service; 3] = [Service::Relation, Service::Photo, Service::Auth];

/// On what social has to be woken up.
pub fn channels() -> Vec<String> {
    PRODUCERS.into_iter().map(facts::channel).chain([stream::CHANNEL.to_owned()]).collect()
}

/// The service.
#[derive(Clone)]
pub struct Social(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    outbox: Outbox,
    photo: PhotoClient,
    signer: ServiceSigner,
    live: Live,
}

impl Social {
    /// The service on its database; `signer` signs its grants for private photos.
    pub fn new(pool: PgPool, identity: Identity, photo: PhotoClient, signer: ServiceSigner) -> Self {
        let outbox = Outbox::new(pool.clone(), Service::Social);
        Self(Arc::new(State { pool, identity, outbox, photo, signer, live: Live::new() }))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        let router = documented().with_state(self.clone()).split_for_parts().0;
        router.layer(from_fn_with_state(self.clone(), stream::hint_after_writes))
    }

    /// What only auth asks, for a copy of all that is somebody's.
    pub fn private(&self) -> Router {
        Router::new().route(contracts::export::EXPORT, post(routes::export::page)).with_state(self.clone())
    }

    /// Could it begin a stream? Not in the first moments of a process.
    pub fn can_stream(&self) -> bool {
        self.0.live.hub.has_begun()
    }

    /// Tells and hears facts, forgets who is erased, keeps who is hidden out of counts, delivers posts and feeds streams, and deletes
    /// what is too much for a request, until dropped. `wakeups` has [`channels`].
    pub async fn background(self, wakeups: &Wakeups) {
        let [relation, photo, auth] = PRODUCERS.map(|producer| {
            let wakeup = wakeups.on(&facts::channel(producer));
            Consumer::new(self.0.pool.clone(), Service::Social, producer, wakeup, FactsOfOthers).run()
        });
        let State { pool, live, outbox, .. } = &*self.0;
        let forgetting = Forgetting::new(pool.clone(), Service::Social, outbox.clone(), Erasure(self.0.clone())).run();
        tokio::join!(
            outbox.clone().run(),
            relation,
            photo,
            auth,
            forgetting,
            self.clean_up(),
            self.watch_counts(),
            self.watch_details(),
            self.tell_what_was_before(),
            home::run(pool, live.written()),
            home::watch(pool),
            deletions::run(pool, outbox, live.written()),
            hidden::run(pool),
            stream::run(pool, live.written()),
            live.hub.run(pool, wakeups.on(stream::CHANNEL)),
        );
    }

    /// Compares every count with the rows that it counts, mends what differs, and says how many did.
    pub async fn repair_counts(&self) -> sqlx::Result<u64> {
        counts::repair(&self.0.pool).await
    }

    async fn watch_counts(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            if let Err(error) = self.repair_counts_alone().await {
                tracing::warn!(%error, "failed to compare counts; trying again later");
            }
        }
    }

    /// It reads all that there is: one replica does it at a time.
    async fn repair_counts_alone(&self) -> sqlx::Result<()> {
        if let Some(_alone) = database::alone(&self.0.pool, "social.counts").await? {
            self.repair_counts().await?;
        }
        Ok(())
    }

    /// Asks photo for what it had not told yet of photos that are shown, and says of how many it is known now.
    ///
    /// # Errors
    ///
    /// What went wrong with the database or with photo, in words.
    pub async fn ask_for_details(&self) -> Result<u64, Box<dyn Error + Send + Sync>> {
        details::ask(&self.0).await
    }

    async fn watch_details(&self) {
        tokio::time::sleep(UPGRADED).await;
        loop {
            if let Err(error) = self.ask_for_details().await {
                tracing::warn!(%error, "failed to ask for what belongs beside photos; trying again later");
            }
            tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        }
    }

    /// Tells relation, once in the life of a platform, who does not want to be found and has said so before that was told of; says of
    /// how many.
    ///
    /// # Errors
    ///
    /// What went wrong with the database.
    pub async fn tell_undiscoverable(&self) -> sqlx::Result<u64> {
        let told = profiles::tell_undiscoverable(&self.0.pool).await?;
        self.0.outbox.committed();
        Ok(told)
    }

    /// Tells relation, once in the life of a platform, on which day each has last written something for everybody before that was told
    /// of; says of how many.
    ///
    /// # Errors
    ///
    /// What went wrong with the database.
    pub async fn tell_postings(&self) -> sqlx::Result<u64> {
        let told = profiles::tell_postings(&self.0.pool).await?;
        self.0.outbox.committed();
        Ok(told)
    }

    async fn tell_what_was_before(&self) {
        tokio::time::sleep(UPGRADED).await;
        while let Err(error) = self.tell_undiscoverable().await {
            tracing::warn!(%error, "failed to tell who does not want to be found; trying again later");
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        while let Err(error) = self.tell_postings().await {
            tracing::warn!(%error, "failed to tell who has written lately; trying again later");
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }

    async fn clean_up(&self) {
        loop {
            if let Err(error) = serving::purge_idempotency_keys(&self.0.pool).await {
                tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
            }
            if let Err(error) = notifications::forget_told(&self.0.pool).await {
                tracing::warn!(%error, "failed to forget what was told a day ago; trying again later");
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
        .routes(routes!(routes::pins::list))
        .routes(routes!(routes::posts::create))
        .routes(routes!(routes::posts::show, routes::edits::update, routes::posts::delete))
        .routes(routes!(routes::revisions::list))
        .routes(routes!(routes::pins::create, routes::pins::delete))
        .routes(routes!(routes::comments::list))
        .routes(routes!(routes::threads::context))
        .routes(routes!(routes::threads::replies))
        .routes(routes!(routes::reactions::list))
        .routes(routes!(routes::reactions::create, routes::reactions::delete))
        .routes(routes!(routes::emojis::list))
        .routes(routes!(routes::emojis::list_all))
        .routes(routes!(routes::emojis::set, routes::emojis::disable))
        .routes(routes!(routes::bookmarks::create, routes::bookmarks::delete))
        .routes(routes!(routes::bookmarks::list))
        .routes(routes!(routes::tags::list))
        .routes(routes!(routes::tags::show))
        .routes(routes!(routes::tags::follow, routes::tags::unfollow))
        .routes(routes!(routes::timelines::home))
        .routes(routes!(routes::timelines::public))
        .routes(routes!(routes::timelines::tag))
        .routes(routes!(routes::timelines::account))
        .routes(routes!(routes::lists::create, routes::lists::list))
        .routes(routes!(routes::lists::timeline, routes::lists::update, routes::lists::delete))
        .routes(routes!(routes::lists::members))
        .routes(routes!(routes::lists::add, routes::lists::remove))
        .routes(routes!(routes::search::find))
        .routes(routes!(routes::notifications::list))
        .routes(routes!(routes::notifications::read))
        .routes(routes!(routes::notifications::unread))
        .routes(routes!(routes::notifications::settings, routes::notifications::set))
        .routes(routes!(routes::stream::events))
        .routes(routes!(routes::stream::web_socket))
        .routes(routes!(routes::reports::post))
        .routes(routes!(routes::reports::profile))
        .routes(routes!(routes::moderation::list))
        .routes(routes!(routes::moderation::show))
        .routes(routes!(routes::moderation::resolve))
        .routes(routes!(routes::moderation::remove_post))
        .routes(routes!(routes::acts::list))
}

impl FromRef<Social> for Identity {
    fn from_ref(social: &Social) -> Self {
        social.0.identity.clone()
    }
}
