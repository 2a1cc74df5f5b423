//! The log of what matters to security: one's own, and everybody's for administrators.

use axum::extract::State;
use contracts::AccountId;
use identity::{Admin, Viewer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Page, Paged, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use crate::Auth;
use crate::store::security_events;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecurityEvent {
    id: String,
    /// What, such as `SignedIn`, `SignInFailed` or `PasswordChanged`.
    kind: String,
    /// Whose account, under the pseudonym that administrators see with it; nothing where a name was tried that nobody has.
    account: Option<String>,
    /// The network that it came from: an IPv4 /24 or an IPv6 /48.
    source: Option<String>,
    /// Ids and pseudonyms.
    details: serde_json::Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<security_events::Event> for SecurityEvent {
    fn from(event: security_events::Event) -> Self {
        let security_events::Event { id, kind, account, source, details, created_at } = event;
        Self { id: id.to_string(), kind, account, source, details, created_at }
    }
}

/// What happened to one's own account, newest first. It is kept for 180 days.
#[utoipa::path(get, path = "/v1/accounts/me/security-events", tag = "accounts",
    responses((status = 200, body = Paged<SecurityEvent>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn own(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<SecurityEvent>> {
    let listed = security_events::list(&auth.pool, Some(viewer.account), None, &page).await?;
    Ok(page.cut(listed, |event| event.id).map(SecurityEvent::from))
}

/// Which events are looked for; each condition that is there must hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SoughtEvents {
    /// Of one account.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// Of one kind, such as `SignInFailed`.
    kind: Option<String>,
}

/// What happened on the platform, newest first; for administrators. It is kept for 180 days.
#[utoipa::path(get, path = "/v1/accounts/security-events", tag = "admin", params(SoughtEvents),
    responses((status = 200, body = Paged<SecurityEvent>), (status = 403, body = ProblemDocument)))]
pub(crate) async fn all(
    State(Auth(auth)): State<Auth>,
    _: Admin,
    Query(SoughtEvents { account, kind }): Query<SoughtEvents>,
    page: Page,
) -> Result<Paged<SecurityEvent>> {
    // No kind has a character that a database cannot hold.
    let kind = kind.map(|kind| kind.replace('\0', ""));
    let listed = security_events::list(&auth.pool, account, kind.as_deref(), &page).await?;
    Ok(page.cut(listed, |event| event.id).map(SecurityEvent::from))
}
