//! The apps that somebody has allowed something.

use axum::extract::State;
use axum::http::StatusCode;
use identity::Viewer;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use serving::{Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Auth;
use crate::source::Source;
use crate::store::consents::Consent;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, apps, consents, sessions};

/// An app, and what it may.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllowedApp {
    client_id: String,
    /// As the app calls itself.
    name: String,
    /// Its home, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    /// Separated by spaces.
    scope: String,
    /// When it was last allowed something.
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
}

impl From<Consent> for AllowedApp {
    fn from(consent: Consent) -> Self {
        let Consent { client_id, name, website, scope, granted_at, .. } = consent;
        Self { client_id, name, website, scope, granted_at }
    }
}

/// The apps that you have allowed something, the newest first.
#[utoipa::path(get, path = "/v1/accounts/me/apps", tag = "apps",
    responses((status = 200, body = Paged<AllowedApp>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<AllowedApp>> {
    let consents = consents::list(&auth.pool, viewer.account, &page).await?;
    Ok(page.cut(consents, |consent| consent.id).map(AllowedApp::from))
}

/// Remove an app: its tokens are worth nothing any more, on every service within a second.
#[utoipa::path(delete, path = "/v1/accounts/me/apps/{client_id}", tag = "apps", params(("client_id" = String, Path)),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn delete(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Path(client_id): Path<String>,
) -> Result<StatusCode> {
    if !client_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::not_found());
    }
    let mut tx = auth.pool.begin().await?;
    // First the account, as everybody takes its locks: then no session of the app can begin any more.
    accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    if !consents::delete(&mut tx, viewer.account, &client_id).await? {
        return Err(Problem::not_found());
    }
    for session in apps::sessions(&mut tx, viewer.account, &client_id).await? {
        sessions::end(&mut tx, session).await?;
    }
    let details = json!({ "client_id": client_id });
    security_events::insert(&mut tx, Kind::AppRemoved, Some(viewer.account), Some(&source), details).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
