//! How the first administrator becomes one without a command line: by a secret of whoever runs the platform.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::State;
use axum::http::StatusCode;
use identity::Viewer;
use serde::Deserialize;
use serde_json::json;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::attempts::Kind as Tried;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, admin_claims};
use crate::{Auth, told_once};

/// The secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdminClaim {
    /// What whoever runs the platform has set as FIRST_ADMIN_TOKEN.
    token: String,
}

/// Become an administrator, once, with the secret of whoever runs the platform. Refresh the tokens to use it.
///
/// Where no such secret is set, this address does not exist. It may be sent as the `invite` of a sign-up, too, however closed
/// the platform is.
#[utoipa::path(post, path = "/v1/accounts/admin-claims", tag = "admin", request_body = AdminClaim, responses(
    (status = 204),
    (status = 403, body = ProblemDocument, description = "Another secret is set"),
    (status = 404, body = ProblemDocument, description = "None is set"),
    (status = 409, body = ProblemDocument, description = "It was used before"),
    (status = 429, body = ProblemDocument, description = "Too many wrong ones of late; see `Retry-After`"),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    viewer: Viewer,
    source: Source,
    Json(AdminClaim { token }): Json<AdminClaim>,
) -> Result<StatusCode> {
    let expected = auth.first_admin.as_ref().ok_or_else(Problem::not_found)?;
    auth.attempts.take(Tried::Source, &source.network()).await?;
    let token = told_once::hash(&token);
    verify_slices_are_equal(&token, expected).map_err(|_| Problem::forbidden("This is not the secret that is set. Ask whoever set it."))?;
    auth.attempts.give_back(Tried::Source, &source.network()).await?;
    let mut tx = auth.pool.begin().await?;
    let account = accounts::lock(&mut tx, viewer.account).await?.ok_or_else(Problem::not_found)?;
    if !admin_claims::insert(&mut tx, &token).await? {
        let detail = "This secret was used before. Whoever runs the platform can set another one.";
        return Err(Problem::conflict("admin-claimed", detail));
    }
    accounts::set_admin(&mut tx, account.id, true).await?;
    let details = json!({ "by": "FIRST_ADMIN_TOKEN" });
    security_events::insert(&mut tx, Kind::AdminGranted, Some(account.id), Some(&source), details).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
