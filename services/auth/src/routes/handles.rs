//! Changing one's handle.

use axum::extract::State;
use identity::Viewer;
use serde::Deserialize;
use serde_json::json;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::accounts::Account;
use super::passwords;
use crate::Auth;
use crate::attempts::InSession;
use crate::handle::{self, Handle};
use crate::password::Password;
use crate::post::Notice;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, held_handles};

/// Handles that are held for one account; whoever gives up more would keep them from others.
const MOST_HELD: i64 = 3;

/// A new handle in place of the old one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandleChange {
    /// 3 to 30 of `a` to `z`, `0` to `9` and `_`; unique.
    #[schema(value_type = String, example = "ada")]
    handle: Handle,
    /// One's password.
    #[schema(value_type = String)]
    password: Password,
}

/// Change one's handle. Nobody else gets the old one for 90 days, and one may have it back. Tokens name the new one once they
/// are refreshed, and what one writes with them shows it.
#[utoipa::path(put, path = "/v1/accounts/me/handle", tag = "accounts", request_body = HandleChange, responses(
    (status = 200, body = Account),
    (status = 409, body = ProblemDocument, description = "The handle is taken, or you gave up too many of late"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords of late; see `Retry-After`"),
))]
pub(crate) async fn change(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(HandleChange { handle, password }): Json<HandleChange>,
) -> Result<Json<Account>> {
    let before = passwords::confirm(&auth, InSession::from(&viewer), password, "password", &source).await?;
    let mut tx = auth.pool.begin().await?;
    let mut account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    if account.handle == handle.as_str() {
        return Ok(Json(account.into()));
    }
    if !account.is_admin() {
        auth.moderation.check(&handle)?;
    }
    let [old, new] = [account.handle.as_str(), handle.as_str()].map(|handle| handle::hash(&auth.sealing, handle));
    accounts::set_handle(&mut tx, account.id, &handle).await?;
    // Now that nobody else can take it: whoever had it may have given it up a moment ago.
    if held_handles::is_held(&mut tx, &new, Some(account.id)).await? {
        return Err(accounts::handle_taken());
    }
    held_handles::delete(&mut tx, &new).await?;
    if held_handles::count(&mut tx, account.id).await? >= MOST_HELD {
        let detail = format!("{MOST_HELD} handles of yours are held for 90 days. Take one of them back, or wait until one is free.");
        return Err(Problem::conflict("too-many-handles", detail));
    }
    held_handles::insert(&mut tx, &old, Some(account.id)).await?;
    auth.post.notice(&mut tx, Notice::HandleChanged, handle.as_str(), account.email.as_deref()).await?;
    security_events::insert(&mut tx, Kind::HandleChanged, Some(account.id), Some(&source), json!({})).await?;
    tx.commit().await?;
    account.handle = handle.to_string();
    Ok(Json(account.into()))
}
