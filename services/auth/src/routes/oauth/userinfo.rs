//! Who has signed in, as OpenID Connect asks it.

use axum::extract::State;
use contracts::{AccountId, Scope};
use identity::Viewer;
use serde::Serialize;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Auth;
use crate::store::accounts;

/// What the scopes `openid`, `profile` and `email` open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserInfo {
    sub: AccountId,
    /// The handle, with the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    /// With the scope `email`, if there is a verified one.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

/// Who has signed in.
#[utoipa::path(get, path = "/oauth/userinfo", tag = "oauth", responses(
    (status = 200, body = UserInfo),
    (status = 401, body = ProblemDocument),
    (status = 403, body = ProblemDocument, description = "The token lacks the scope `openid`"),
))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<Json<UserInfo>> {
    let account = accounts::find(&auth.pool, viewer.account).await?.ok_or_else(Problem::not_found)?;
    let email = account.email.filter(|_| viewer.scopes.contains(Scope::Email));
    Ok(Json(UserInfo {
        sub: account.id,
        preferred_username: viewer.scopes.contains(Scope::Profile).then_some(account.handle),
        // Only one that was proved to be theirs is ever kept.
        email_verified: email.as_ref().map(|_| true),
        email,
    }))
}

/// Who has signed in, for clients that ask with POST.
#[utoipa::path(post, path = "/oauth/userinfo", tag = "oauth", operation_id = "show_by_post", responses(
    (status = 200, body = UserInfo),
    (status = 401, body = ProblemDocument),
    (status = 403, body = ProblemDocument, description = "The token lacks the scope `openid`"),
))]
pub(crate) async fn show_by_post(state: State<Auth>, viewer: Viewer) -> Result<Json<UserInfo>> {
    show(state, viewer).await
}
