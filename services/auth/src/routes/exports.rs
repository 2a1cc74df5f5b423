//! Taking a copy of all that is one's own.

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contracts::Scope;
use futures::stream;
use identity::Viewer;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use serving::{Attempt, Idempotency, Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Auth;
use crate::export::{self, Download};
use crate::post::Notice;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, exports};

/// Exports of one account that can be downloaded at the same time.
const MOST_OPEN: i64 = 5;
/// What a token has to allow so that all of this may be read with it.
const READING: [Scope; 6] =
    [Scope::AccountsRead, Scope::ProfilesRead, Scope::PostsRead, Scope::NotificationsRead, Scope::PhotosRead, Scope::RelationsRead];

/// A copy of all that is one's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Export {
    id: String,
    /// Always `ready`: it is gathered while it is downloaded, and says what is true then.
    state: ExportState,
    /// Where it is downloaded, with the same token as this.
    #[schema(example = "/v1/exports/7/archive")]
    archive: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when it can be downloaded, as often as one likes.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When a download of it last came to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    fetched_at: Option<Timestamp>,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportState {
    /// It can be downloaded.
    Ready,
}

impl From<exports::Export> for Export {
    fn from(export: exports::Export) -> Self {
        let exports::Export { id, created_at, expires_at, fetched_at } = export;
        let (archive, fetched_at) = (format!("/v1/exports/{id}/archive"), fetched_at.map(|at| at.to_jiff()));
        Self { id: id.to_string(), state: ExportState::Ready, archive, created_at, expires_at, fetched_at }
    }
}

/// Ask for a copy of all that is one's own: account, posts, photos with their bytes, relations. It can be downloaded for a day.
#[utoipa::path(post, path = "/v1/exports", tag = "accounts", responses(
    (status = 202, body = Export),
    (status = 401, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "Too many of yours can still be downloaded"),
))]
pub(crate) async fn create(State(Auth(auth)): State<Auth>, viewer: Viewer, source: Source, idempotency: Idempotency) -> Result<Response> {
    let mut attempt = match idempotency.begin(&auth.pool, viewer.account).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    // One at a time for each account, so that the count holds.
    let account = accounts::lock(&mut attempt, viewer.account).await?.ok_or_else(Problem::not_found)?;
    if exports::open(&mut attempt, account.id).await? >= MOST_OPEN {
        let detail = format!("{MOST_OPEN} exports of yours can still be downloaded. Take one of them; each says what is true now.");
        return Err(Problem::conflict("too-many-exports", detail));
    }
    let export = exports::insert(&mut attempt, account.id).await?;
    auth.post.notice(&mut attempt, Notice::ExportMade, &account.handle, account.email.as_deref()).await?;
    let details = json!({ "export": export.id.to_string() });
    security_events::insert(&mut attempt, Kind::ExportAsked, Some(account.id), Some(&source), details).await?;
    attempt.finish(StatusCode::ACCEPTED, &Export::from(export)).await
}

/// One's exports that can be downloaded, newest first.
#[utoipa::path(get, path = "/v1/exports", tag = "accounts", responses((status = 200, body = Paged<Export>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<Export>> {
    let listed = exports::list(&auth.pool, viewer.account, &page).await?;
    Ok(page.cut(listed, |export| export.id).map(Export::from))
}

/// One of one's exports.
#[utoipa::path(get, path = "/v1/exports/{id}", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, body = Export),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, viewer: Viewer, Path(id): Path<i64>) -> Result<Json<Export>> {
    let export = exports::find(&auth.pool, viewer.account, id).await?;
    export.map(Export::from).map(Json).ok_or_else(Problem::not_found)
}

/// Download an export: one tar, gathered on the way. An app needs every scope of reading. One that breaks off is not whole:
/// begin again.
#[utoipa::path(get, path = "/v1/exports/{id}/archive", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, description = "A tar", content_type = "application/x-tar"),
    (status = 403, body = ProblemDocument, description = "The token does not allow to read all that is in it"),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "One of yours is being downloaded"),
    (status = 503, body = ProblemDocument, description = "Too many downloads at once; see `Retry-After`"),
))]
pub(crate) async fn download(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    method: Method,
    Path(id): Path<i64>,
) -> Result<Response> {
    exports::find(&auth.pool, viewer.account, id).await?.ok_or_else(Problem::not_found)?;
    if let Some(missing) = READING.into_iter().find(|scope| !viewer.scopes.contains(*scope)) {
        return Err(Problem::insufficient_scope(missing));
    }
    if method == Method::HEAD {
        let account = accounts::find(&auth.pool, viewer.account).await?.ok_or_else(Problem::not_found)?;
        // How long it would be is not known: an empty body would say that it is empty.
        return archive(&account.handle, Body::from_stream(stream::empty::<io::Result<Bytes>>()));
    }
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    if !exports::claim(&mut tx, account.id, id).await? {
        let detail = "An export of yours is being downloaded. Wait for its end, or for two minutes if it broke off.";
        return Err(Problem::conflict("export-in-progress", detail));
    }
    let details = json!({ "export": id.to_string() });
    security_events::insert(&mut tx, Kind::ExportFetched, Some(account.id), Some(&source), details).await?;
    tx.commit().await?;
    let body = export::begin(auth, Download { export: id, account: account.id, session: viewer.session }).await?;
    archive(&account.handle, body)
}

/// The answer with a tar of whoever has this handle.
fn archive(handle: &str, tar: Body) -> Result<Response> {
    let name = format!("attachment; filename=\"{handle}.tar\"");
    let mut response = tar.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Problem::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
