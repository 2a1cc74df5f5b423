//! Codes for whoever has lost the other factors.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Viewer;
use serde::Serialize;
use serde_json::json;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::passwords;
use super::totp::Confirmed;
use crate::Auth;
use crate::attempts::InSession;
use crate::second_factor::{self, Change, Confirmation, Showing};
use crate::source::Source;
use crate::store::second_factors;

/// Codes that were made just now.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each is good once. They are told this once.
    recovery_codes: Vec<String>,
}

impl IntoResponse for RecoveryCodes {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Make new recovery codes, ten of them. Those of before are worth nothing any more.
#[utoipa::path(post, path = "/v1/accounts/me/recovery-codes", tag = "second factor", request_body = Confirmed, responses(
    (status = 201, body = RecoveryCodes),
    (status = 409, body = ProblemDocument, description = "There is no second factor that they could stand in for"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many wrong passwords or codes of late; see `Retry-After`"),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(Confirmed { password, code, passkey }): Json<Confirmed>,
) -> Result<RecoveryCodes> {
    let who = InSession::from(&viewer);
    let before = passwords::confirm(&auth, who, password, "password", &source).await?;
    let factor = Confirmation::begin(&auth, who, Showing::sent(code, passkey)).await?;
    let mut tx = auth.pool.begin().await?;
    let account = passwords::lock_confirmed(&mut tx, viewer.account, &before).await?;
    tx = factor.check(&auth, tx, &account, &source).await?;
    if !second_factors::of(&mut *tx, account.id).await?.on() {
        drop(tx);
        factor.done(&auth).await?;
        let detail = "There is no second factor that recovery codes could stand in for. Add an authenticator app or a passkey first.";
        return Err(Problem::conflict("no-second-factor", detail));
    }
    let recovery_codes = second_factor::new_codes(&mut tx, account.id).await?;
    second_factor::tell(&auth, &mut tx, &account, Change::RecoveryCodesMade, &source, json!({})).await?;
    tx.commit().await?;
    factor.done(&auth).await?;
    Ok(RecoveryCodes { recovery_codes })
}
