//! Invites: a member vouches for somebody who is not there yet.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::{ADMIN_ROLE, Viewer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::config::Registration;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, invites};
use crate::{Auth, told_once};

/// Invites of one member that can still be used.
const MOST_OPEN: i64 = 20;
/// People whom a member may let in with one invite, and an administrator.
const MOST_USES: [i32; 2] = [10, 1000];

/// An invite to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvite {
    /// How many may sign up with it: 1 to 10, for administrators to 1,000.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000, default = 1)]
    uses: i32,
    /// How long it is good: 1 to 30.
    #[serde(default = "a_week")]
    #[schema(minimum = 1, maximum = 30, default = 7)]
    days: i32,
}

fn one() -> i32 {
    1
}

fn a_week() -> i32 {
    7
}

/// An invite, as whoever made it sees it later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invite {
    id: String,
    /// How often it was used.
    used: i32,
    /// How often it may be.
    uses: i32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<invites::Invite> for Invite {
    fn from(invite: invites::Invite) -> Self {
        let invites::Invite { id, uses, most_uses, created_at, expires_at } = invite;
        Self { id: id.to_string(), used: uses, uses: most_uses, created_at, expires_at }
    }
}

/// An invite that was made just now.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeInvite {
    #[serde(flatten)]
    invite: Invite,
    /// What somebody signs up with. It is told this once.
    code: String,
}

impl IntoResponse for MadeInvite {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Make an invite. The answer carries a secret, so it is never stored for an `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/accounts/invites", tag = "accounts", request_body = NewInvite, responses(
    (status = 201, body = MadeInvite),
    (status = 403, body = ProblemDocument, description = "Nobody can sign up here"),
    (status = 409, body = ProblemDocument, description = "Too many of yours can still be used"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(NewInvite { uses, days }): Json<NewInvite>,
) -> Result<MadeInvite> {
    if auth.registration == Registration::Closed {
        return Err(Problem::forbidden("Nobody can sign up here, so there is nothing to invite to."));
    }
    let admin = viewer.roles.iter().any(|role| role == ADMIN_ROLE);
    let most_uses = MOST_USES[usize::from(admin)];
    if !(1..=most_uses).contains(&uses) {
        return Err(Problem::invalid("uses", format!("from 1 to {most_uses}")));
    }
    if !(1..=30).contains(&days) {
        return Err(Problem::invalid("days", "from 1 to 30"));
    }
    let code = told_once::make("spin_")?;
    let mut tx = auth.pool.begin().await?;
    // One at a time for each member, so that the count holds.
    accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    if !admin && invites::open(&mut tx, viewer.account).await? >= MOST_OPEN {
        let detail = format!("{MOST_OPEN} invites of yours can still be used. Delete one, or wait until one is used up.");
        return Err(Problem::conflict("too-many-invites", detail));
    }
    let invite = invites::insert(&mut tx, &told_once::hash(&code), viewer.account, uses, days).await?;
    let details = json!({ "invite": invite.id.to_string(), "uses": uses });
    security_events::insert(&mut tx, Kind::InviteMade, Some(viewer.account), Some(&source), details).await?;
    tx.commit().await?;
    Ok(MadeInvite { invite: invite.into(), code })
}

/// One's invites, newest first.
#[utoipa::path(get, path = "/v1/accounts/invites", tag = "accounts", responses((status = 200, body = Paged<Invite>), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(Auth(auth)): State<Auth>, viewer: Viewer, page: Page) -> Result<Paged<Invite>> {
    let listed = invites::list(&auth.pool, viewer.account, &page).await?;
    Ok(page.cut(listed, |invite| invite.id).map(Invite::from))
}

/// Take an invite back. Whoever has signed up with it stays.
#[utoipa::path(delete, path = "/v1/accounts/invites/{id}", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(State(Auth(auth)): State<Auth>, viewer: Viewer, source: Source, Path(id): Path<i64>) -> Result<StatusCode> {
    let mut tx = auth.pool.begin().await?;
    if !invites::delete(&mut tx, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    let details = json!({ "invite": id.to_string() });
    security_events::insert(&mut tx, Kind::InviteDeleted, Some(viewer.account), Some(&source), details).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
