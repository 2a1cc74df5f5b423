//! What whoever comes here should know.

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;
use serving::Json;
use utoipa::ToSchema;

use crate::Auth;
use crate::config::Registration;

/// What whoever comes here should know.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Platform {
    /// `Approval`: an administrator decides who may sign in. `Invite`: whoever has an invite of a member.
    registration: Registration,
    /// The e-mail address of whoever keeps order.
    #[schema(example = "moderators@example.org")]
    contact: Option<String>,
    /// What everybody has to keep to, in this order.
    rules: Vec<String>,
}

/// Who may sign up, the rules, and whom to turn to: an app shows it before somebody signs up.
#[utoipa::path(get, path = "/v1/platform", tag = "accounts", responses((status = 200, body = Platform)))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>) -> impl IntoResponse + use<> {
    let moderation = auth.moderation.clone();
    let platform = Platform { registration: auth.registration, contact: moderation.moderation_contact, rules: moderation.moderation_rules };
    ([(CACHE_CONTROL, "public, max-age=60")], Json(platform))
}
