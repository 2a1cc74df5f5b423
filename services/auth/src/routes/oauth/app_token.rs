//! Client credentials: an app that calls for itself sees what visitors see.

use contracts::Scopes;
use identity::{APP_TOKEN_TYPE, AccessClaims, AppClaims, unix_now};

use super::refusal::Refusal;
use super::token::{TokenRequest, asked};
use crate::State;
use crate::routes::tokens::{self, ACCESS_LIFE, Tokens};
use crate::store::apps::{self, App};

/// A token that stands for the app and for nobody.
pub(super) async fn issue(auth: &State, app: App, request: TokenRequest) -> Result<Tokens, Refusal> {
    if !app.may("client_credentials") || app.secret_hash.is_none() {
        return Err(Refusal::new("unauthorized_client", "register with the grant type client_credentials and a secret"));
    }
    let most = Scopes::known(&app.scope).and(Scopes::PUBLIC);
    let scopes = asked(request.scope.as_deref(), most, most)?;
    if scopes.is_empty() {
        return Err(Refusal::new("invalid_scope", format!("an app without a person may have some of `{}`", Scopes::PUBLIC)));
    }
    let iat = unix_now();
    let claims = AppClaims {
        iss: auth.issuer.clone(),
        sub: app.client_id.clone(),
        aud: AccessClaims::audience(&auth.issuer),
        client_id: app.client_id.clone(),
        scope: scopes.to_string(),
        exp: iat + ACCESS_LIFE,
        iat,
        jti: tokens::jti()?,
        sid: apps::next_session_id(&auth.pool).await?,
    };
    let mut connection = auth.pool.acquire().await?;
    apps::used(&mut connection, &app.client_id).await?;
    Ok(Tokens::access_only(auth.keyring.sign(APP_TOKEN_TYPE, &claims).await?, ACCESS_LIFE, claims.scope))
}
