//! Photos: uploads, clean pictures, search, and who may fetch which byte.
//!
//! ```text
//!  POST /v1/photos ─► form ─► processing ─► objects (put) ─► one transaction: blob +1, photo, answer
//!  GET /p/{key}/…  ─► store: whose, who may ─► representation ─► objects (get, streamed)
//!  facts of relation and social ─► severed, narrowed ─► older grants are refused
//!  cleaning: jobs and a sweep delete objects that no photo refers to
//! ```
//!
//! It owns photos, blobs and the bucket, and calls no other service. Others keep a photo's id and state, which it tells
//! them as `photo.changed`, and sign grants for the private photos that they show.

mod cleaning;
mod config;
mod facts;
mod form;
mod key;
mod objects;
mod owner;
mod photo;
mod processing;
mod representation;
mod routes;
mod state;
mod store;
mod text;
mod variant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use sqlx::migrate::Migrator;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::routes::{bytes, internal, photos, uploads};

pub use self::cleaning::{Jobs, sweep, sweep_once};
pub use self::config::{PhotoConfig, PhotoLimits, S3Config};
pub use self::facts::Withdrawals;
pub use self::state::AppState;

/// Of the schema `photo`, in order.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Bytes of an upload beside the file: the texts, and what separates the parts.
const FORM_BYTES: usize = 64 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "photo", description = "Photos: uploads, search and bytes."),
    tags((name = "photos", description = "Upload, find, describe and delete photos"), (name = "bytes", description = "Fetch pictures"))
)]
struct Document;

/// Every route of the public port.
fn api(max_bytes: usize) -> OpenApiRouter<AppState> {
    // The one route that takes more than the platform's usual limit on bodies.
    let uploads = OpenApiRouter::new().routes(routes!(uploads::create)).layer(DefaultBodyLimit::max(max_bytes.saturating_add(FORM_BYTES)));

    OpenApiRouter::with_openapi(Document::openapi())
        .merge(uploads)
        .routes(routes!(photos::list))
        .routes(routes!(photos::read, photos::update, photos::delete))
        .routes(routes!(bytes::read))
}

/// The routes that the gateway reaches.
pub fn public(state: AppState) -> Router {
    let (router, _) = api(state.processing.max_bytes()).split_for_parts();
    router.with_state(state)
}

/// The routes that only other services reach.
pub fn private(state: AppState) -> Router {
    Router::new().route(contracts::photo::USABLE, post(internal::usable)).with_state(state)
}

/// The OpenAPI document of the public port.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api(0).into_openapi()
}
