use axum::extract::{FromRef, FromRequestParts};
use contracts::Scope;
use http::request::Parts;
use serving::Problem;

use crate::{Identity, Viewer};

/// The role in tokens and in the database.
pub const ADMIN_ROLE: &str = "Admin";

/// A signed-in administrator, whose token may be used for that: an app that somebody lets look after their account does not
/// look after the platform with it.
#[derive(Clone, Debug)]
pub struct Admin(pub Viewer);

impl<S: Send + Sync> FromRequestParts<S> for Admin
where
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let viewer = Viewer::from_request_parts(parts, state).await?;
        if !viewer.roles.iter().any(|role| role == ADMIN_ROLE) {
            tracing::info!(event.name = "access.denied", role = ADMIN_ROLE, session = %viewer.session, "somebody is no administrator");
            return Err(Problem::forbidden("Only administrators may do this."));
        }
        let needed = if parts.method.is_safe() { Scope::AdminRead } else { Scope::AdminWrite };
        if !viewer.scopes.contains(needed) {
            tracing::info!(event.name = "access.denied", scope = needed.name(), session = %viewer.session, "a token lacks a scope");
            return Err(Problem::insufficient_scope(needed));
        }
        Ok(Self(viewer))
    }
}
