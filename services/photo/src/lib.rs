//! Photos: uploads, clean pictures, albums, search, reuse, and who may fetch which byte.
//!
//! ```text
//!  POST /v1/photos ─► form ──────────────────┐
//!  tus, or straight to S3 ─► incoming ───────┴► keeping: processing ─► objects (put) ─► one transaction: quota, blob, photo
//!  GET /p/{key}/…  ─► store: whose, who may ─► negotiation ─► representation ─► recent, or objects (get, streamed)
//!  facts of relation and social ─► severed, narrowed ─► older grants are refused │ blocks: nothing is said to the owner
//!  facts of auth ─► hidden: nobody sees it │ erased: erasure, photo by photo, objects included
//!  others show a public photo ─► reuse: noted and counted ─► its owner takes it from everywhere, or leaves them a copy
//!  cleaning: jobs and sweeps delete objects that no row names, and find rows whose objects are gone
//! ```
//!
//! It owns photos, albums, blobs and the bucket, and calls no other service. Others keep a photo's id and state, which it tells
//! them as `photo.changed`, and sign grants for the private photos that they show.

mod about;
mod bounds;
mod cleaning;
mod config;
mod declared;
mod erasure;
mod exposure;
mod facts_of_others;
mod form;
mod hidden_uses;
mod incoming;
mod keeping;
mod key;
mod license;
mod meant;
mod metrics;
mod negotiation;
mod objects;
mod owner;
mod processing;
mod recent;
mod removal;
mod rendition;
mod representation;
mod reuse;
mod routes;
mod stall;
mod store;
mod sweep;
mod text;
mod variant;

use std::sync::Arc;
use std::time::Duration;

use audience::forgetting::Forgetting;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use contracts::Service;
use database::Wakeups;
use facts::{Consumer, Outbox};
use identity::Identity;
use jobs::{JobError, Worker};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::cleaning::Jobs;
use crate::erasure::Erasure;
use crate::facts_of_others::FactsOfOthers;
use crate::objects::Objects;
use crate::processing::Processing;
use crate::recent::Recent;
use crate::sweep::Sweeps;

pub use self::config::{PhotoConfig, PhotoLimits, S3Config};
pub use self::objects::{UnusableStore, try_store};
pub use self::sweep::Swept;

/// The tables of the schema `photo`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Whose facts photo hears.
pub const PRODUCERS: [Service; 3] = [Service::Relation, Service::Social, Service::Auth];

/// Bytes of an upload beside the file: the texts, and what separates the parts.
const FORM_BYTES: usize = 64 * 1024;

/// The service.
#[derive(Clone)]
pub struct Photo(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    outbox: Outbox,
    objects: Objects,
    processing: Processing,
    recent: Recent,
    quota: Quota,
    keep_deleted: Duration,
    /// How long an upload may go on without a byte.
    stall: Duration,
}

/// What one person may keep.
#[derive(Clone, Copy)]
pub(crate) struct Quota {
    photos: i64,
    bytes: i64,
}

impl Photo {
    /// The service on its database and its bucket.
    pub fn new(config: &PhotoConfig, pool: PgPool, identity: Identity) -> Self {
        let outbox = Outbox::new(pool.clone(), Service::Photo);
        let quota = Quota { photos: config.limits.photo_quota_photos, bytes: config.limits.photo_quota_bytes };
        let (objects, processing) = (Objects::new(&config.s3), Processing::new(config));
        let recent = Recent::new(config.limits.photo_recent_memory);
        let keep_deleted = Duration::from_secs(config.limits.photo_keep_deleted_seconds);
        let stall = Duration::from_secs(config.limits.photo_stall_seconds);
        Self(Arc::new(State { pool, identity, outbox, objects, processing, recent, quota, keep_deleted, stall }))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        documented(self.0.processing.max_bytes()).with_state(self.clone()).split_for_parts().0
    }

    /// What only other services ask.
    pub fn private(&self) -> Router {
        Router::new()
            .route(contracts::photo::USABLE, post(routes::internal::usable))
            .route(contracts::export::EXPORT, post(routes::export::page))
            .route(routes::export::ORIGINAL, get(routes::export::original))
            .with_state(self.clone())
    }

    /// Tells and hears facts, runs jobs, forgets who is erased and cleans up, until dropped.
    pub async fn background(self, wakeups: &Wakeups) {
        let [relation, social, auth] = PRODUCERS.map(|producer| {
            let wakeup = wakeups.on(&facts::channel(producer));
            Consumer::new(self.0.pool.clone(), Service::Photo, producer, wakeup, FactsOfOthers).run()
        });
        let jobs = Worker::new(self.0.pool.clone(), Jobs::new(&self.0)).run();
        let outbox = self.0.outbox.clone();
        let forgetting = Forgetting::new(self.0.pool.clone(), Service::Photo, outbox.clone(), Erasure(self.0.clone())).run();
        let (counts, sweeps, exposure) = (hidden_uses::run(&self.0.pool), sweep::run(&self.0), exposure::run(&self.0));
        tokio::join!(outbox.run(), relation, social, auth, jobs, forgetting, counts, sweeps, exposure, self.clean_up());
    }

    /// One turn of every sweep, as the background does it now and then, sparing objects younger than `grace`,
    /// or than two hours where uploads are under way.
    ///
    /// # Errors
    ///
    /// What went wrong with the store or the database, in words.
    pub async fn sweep(&self, grace: Duration) -> Result<Swept, JobError> {
        Sweeps::default().turn(&self.0, grace).await
    }

    /// Whether the bucket shows what is in it to somebody without a key, as the background asks it once a day.
    ///
    /// # Errors
    ///
    /// What went wrong with the store or the database, in words.
    pub async fn is_exposed(&self) -> Result<bool, JobError> {
        exposure::is_exposed(&self.0).await
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

#[derive(OpenApi)]
#[openapi(
    info(title = "photo", description = "Photos: uploads, albums, search, reuse and bytes."),
    tags(
        (name = "photos", description = "Upload, find, describe and delete photos"),
        (name = "uploads", description = "Uploads that go on where they broke off, or straight to the store"),
        (name = "albums", description = "Photos in an order"),
        (name = "uses", description = "Who shows whose photos"),
        (name = "bytes", description = "Fetch pictures"),
    )
)]
struct Document;

/// The OpenAPI document of the public routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented(0).into_openapi()
}

fn documented(max_bytes: usize) -> OpenApiRouter<Photo> {
    // The one route that takes more than the platform's usual limit on bodies into memory at once.
    let forms =
        OpenApiRouter::new().routes(routes!(routes::forms::create)).layer(DefaultBodyLimit::max(max_bytes.saturating_add(FORM_BYTES)));
    let tus = OpenApiRouter::new()
        .routes(routes!(routes::tus::create, routes::tus::abilities))
        .routes(routes!(routes::tus::offset, routes::tus::append, routes::tus::delete, routes::tus::overridden::by_header))
        .layer(from_fn(routes::tus::speak));

    OpenApiRouter::with_openapi(Document::openapi())
        .merge(forms)
        .merge(tus)
        .routes(routes!(routes::search::list))
        .routes(routes!(routes::search::tags))
        .routes(routes!(routes::usage::show))
        .routes(routes!(routes::uploads::create))
        .routes(routes!(routes::uploads::complete))
        .routes(routes!(routes::endings::delete))
        .routes(routes!(routes::photos::read, routes::photos::update, routes::photos::delete))
        .routes(routes!(routes::uses::list, routes::uses::create))
        .routes(routes!(routes::uses::delete))
        .routes(routes!(routes::albums::list, routes::albums::create))
        .routes(routes!(routes::albums::show, routes::albums::update, routes::albums::delete))
        .routes(routes!(routes::album_photos::list))
        .routes(routes!(routes::album_photos::put, routes::album_photos::delete))
        .routes(routes!(routes::bytes::read))
}

impl FromRef<Photo> for Identity {
    fn from_ref(photo: &Photo) -> Self {
        photo.0.identity.clone()
    }
}
