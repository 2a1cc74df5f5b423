//! Leaving.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::fact::AccountState;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::hiding::{heard, tell};
use super::passwords;
use crate::Auth;
use crate::attempts::InSession;
use crate::password::Password;
use crate::post::Notice;
use crate::second_factor::{Confirmation, Showing};
use crate::source::Source;
use crate::standing::Standing;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, erasures, sessions};

/// What leaving takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leave {
    /// One's password.
    #[schema(value_type = String)]
    password: Password,
    /// Where there is a second factor: what the app shows, or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
    /// In place of the code: what `toJSON()` of the credential gives, for a challenge of `/v1/sessions/passkey-challenges`.
    passkey: Option<Value>,
}

/// Somebody leaves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Leaving {
    /// Until then, whoever signs in with `"keep": true` stays.
    #[schema(value_type = String, format = DateTime)]
    erase_at: Timestamp,
    /// Some service has yet to hear of it, and may still show something for a moment.
    pending: bool,
}

/// Erase one's account with all that is its own.
///
/// At once every session ends, and nobody sees anything of it any more. After some days, in which one may think better of it,
/// everything goes for good: posts, photos, relations and what is known of the person. The handle is nobody's for 90 days.
#[utoipa::path(delete, path = "/v1/accounts/me", tag = "accounts", request_body = Leave, responses(
    (status = 200, body = Leaving),
    (status = 202, body = Leaving),
    (status = 409, body = ProblemDocument, description = "The password was changed meanwhile"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(Leave { password, code, passkey }): Json<Leave>,
) -> Result<Response> {
    let who = InSession::from(&viewer);
    let before = passwords::confirm(&auth, who, password, "password", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(code, passkey)).await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    if account.standing != Standing::Active {
        return Err(Problem::unauthorized("The session has ended. Sign in again."));
    }
    tx = factor.check(&auth, tx, &account, &source).await?;
    let erase_at = erasures::insert(&mut tx, account.id, auth.erasure_grace).await?;
    accounts::set_standing(&mut tx, account.id, Standing::Leaving, None).await?;
    sessions::end_all(&mut tx, account.id, None).await?;
    let fact = tell(&mut tx, account.id, AccountState::Hidden).await?;
    auth.post.notice(&mut tx, Notice::Leaving, &account.handle, account.email.as_deref()).await?;
    security_events::insert(&mut tx, Kind::ErasureAsked, Some(account.id), Some(&source), json!({})).await?;
    tx.commit().await?;
    auth.outbox.committed();
    factor.done(&auth).await?;
    let pending = !heard(&auth, Some(fact)).await;
    let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Leaving { erase_at, pending })).into_response())
}
