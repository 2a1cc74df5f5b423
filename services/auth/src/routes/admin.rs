//! What administrators do to accounts: look, approve, suspend and restore.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::AccountId;
use contracts::fact::AccountState;
use identity::{Admin, Viewer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Query, Result};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::hiding::{heard, tell};
use crate::Auth;
use crate::post::Notice;
use crate::source::Source;
use crate::standing::Standing;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, sessions};

/// Most characters of a reason.
const LONGEST_REASON: usize = 500;

/// An account, as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenAccount {
    id: AccountId,
    handle: String,
    state: Standing,
    /// What its owner reads when they sign in. Where the state is `Leaving`: they are suspended, should they stay.
    suspended_reason: Option<String>,
    /// `Admin`, or nothing.
    roles: Vec<String>,
    /// Whether there is a verified address. Which, is its owner's business.
    has_email: bool,
    /// Under which name it is in the log of security events.
    pseudonym: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<accounts::Account> for SeenAccount {
    fn from(account: accounts::Account) -> Self {
        let accounts::Account { id, handle, standing, suspended_reason, roles, email, pseudonym, created_at } = account;
        Self { id, handle, state: standing, suspended_reason, roles, has_email: email.is_some(), pseudonym, created_at }
    }
}

/// Which accounts are looked for; each condition that is there must hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SoughtAccounts {
    /// `Pending`, `Active`, `Suspended` or `Leaving`.
    #[param(value_type = Option<String>)]
    state: Option<Standing>,
    /// How the handle begins.
    handle: Option<String>,
}

/// Accounts, newest first; for administrators.
#[utoipa::path(get, path = "/v1/accounts", tag = "admin", params(SoughtAccounts),
    responses((status = 200, body = Paged<SeenAccount>), (status = 403, body = ProblemDocument)))]
pub(crate) async fn list(
    State(Auth(auth)): State<Auth>,
    _: Admin,
    Query(SoughtAccounts { state, handle }): Query<SoughtAccounts>,
    page: Page,
) -> Result<Paged<SeenAccount>> {
    let beginning = handle.unwrap_or_default().to_ascii_lowercase();
    if !beginning.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(Problem::bad_request("handle is how a handle begins: of a to z, 0 to 9 and _."));
    }
    let listed = accounts::list(&auth.pool, state, &beginning, &page).await?;
    Ok(page.cut(listed, |account| account.id.0).map(SeenAccount::from))
}

/// One account; for administrators.
#[utoipa::path(get, path = "/v1/accounts/{id}", tag = "admin", params(("id" = AccountId, Path)), responses(
    (status = 200, body = SeenAccount),
    (status = 403, body = ProblemDocument),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, _: Admin, Path(id): Path<AccountId>) -> Result<Json<SeenAccount>> {
    let account = accounts::find(&auth.pool, id).await?;
    account.map(SeenAccount::from).map(Json).ok_or_else(Problem::not_found)
}

/// Why somebody is suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suspension {
    /// They read it when they sign in. 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// The change is made, and not every service has applied it yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    /// Always `true`.
    pending: bool,
}

/// Suspend somebody: their sessions end everywhere, they cannot sign in, and nobody sees what is theirs. Doing it again
/// changes the reason. Whoever leaves is suspended should they stay, and is erased as they asked should they not.
#[utoipa::path(put, path = "/v1/accounts/{id}/suspension", tag = "admin", params(("id" = AccountId, Path)), request_body = Suspension,
    responses(
        (status = 204),
        (status = 202, body = Pending),
        (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument, description = "An administrator, or somebody who is not approved yet"),
        (status = 422, body = ProblemDocument),
    ))]
pub(crate) async fn suspend(
    State(Auth(auth)): State<Auth>,
    Admin(viewer): Admin,
    source: Source,
    Path(id): Path<AccountId>,
    Json(Suspension { reason }): Json<Suspension>,
) -> Result<Response> {
    let reason = reason.trim();
    if !(1..=LONGEST_REASON).contains(&reason.chars().count()) || reason.contains('\0') {
        return Err(Problem::invalid("reason", format!("give a reason of 1 to {LONGEST_REASON} characters; they will read it")));
    }
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if account.is_admin() {
        return Err(Problem::conflict("is-admin", "This is an administrator. `social-platform admin revoke` comes first."));
    }
    if account.standing == Standing::Pending {
        return Err(Problem::conflict("not-approved", "This account is not approved yet. Approve or refuse it."));
    }
    let standing = match account.standing {
        // Hidden and signed out already. It goes on, and is no way around this.
        Standing::Leaving => Standing::Leaving,
        _ => Standing::Suspended,
    };
    accounts::set_standing(&mut tx, id, standing, Some(reason)).await?;
    sessions::end_all(&mut tx, id, None).await?;
    let mut fact = None;
    if account.standing == Standing::Active {
        fact = Some(tell(&mut tx, id, AccountState::Hidden).await?);
    }
    let details = by(&mut tx, &viewer).await?;
    security_events::insert(&mut tx, Kind::Suspended, Some(id), Some(&source), details).await?;
    tx.commit().await?;
    auth.outbox.committed();
    // Where nothing had to be told, an earlier request did it, and it may be what some are still at.
    match heard(&auth, fact).await {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Ok((StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response()),
    }
}

/// Restore somebody who was suspended. Doing it again changes nothing. Whoever leaves still does, and may stay again.
#[utoipa::path(delete, path = "/v1/accounts/{id}/suspension", tag = "admin", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn restore(
    State(Auth(auth)): State<Auth>,
    Admin(viewer): Admin,
    source: Source,
    Path(id): Path<AccountId>,
) -> Result<StatusCode> {
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if account.suspended_reason.is_some() {
        match account.standing {
            Standing::Leaving => accounts::set_standing(&mut tx, id, Standing::Leaving, None).await?,
            _ => {
                accounts::set_standing(&mut tx, id, Standing::Active, None).await?;
                tell(&mut tx, id, AccountState::Active).await?;
            }
        }
        let details = by(&mut tx, &viewer).await?;
        security_events::insert(&mut tx, Kind::Restored, Some(id), Some(&source), details).await?;
    }
    tx.commit().await?;
    auth.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}

/// Approve somebody who signed up. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/accounts/{id}/approval", tag = "admin", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn approve(
    State(Auth(auth)): State<Auth>,
    Admin(viewer): Admin,
    source: Source,
    Path(id): Path<AccountId>,
) -> Result<StatusCode> {
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if account.standing == Standing::Pending {
        accounts::set_standing(&mut tx, id, Standing::Active, None).await?;
        auth.post.notice(&mut tx, Notice::Approved, &account.handle, account.email.as_deref()).await?;
        let details = by(&mut tx, &viewer).await?;
        security_events::insert(&mut tx, Kind::Approved, Some(id), Some(&source), details).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuse somebody who signed up and was never approved: the account is deleted, and its handle is free.
#[utoipa::path(delete, path = "/v1/accounts/{id}/approval", tag = "admin", params(("id" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "It was approved before"),
))]
pub(crate) async fn refuse(
    State(Auth(auth)): State<Auth>,
    Admin(viewer): Admin,
    source: Source,
    Path(id): Path<AccountId>,
) -> Result<StatusCode> {
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if account.standing != Standing::Pending {
        return Err(Problem::conflict("approved-before", "This account was approved before. Suspend it instead."));
    }
    let details = by(&mut tx, &viewer).await?;
    security_events::insert(&mut tx, Kind::Refused, Some(id), Some(&source), details).await?;
    accounts::delete_pending(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who did it.
async fn by(connection: &mut PgConnection, viewer: &Viewer) -> Result<Value> {
    let pseudonym = accounts::pseudonym(connection, viewer.account).await?;
    Ok(json!({ "by": pseudonym }))
}
