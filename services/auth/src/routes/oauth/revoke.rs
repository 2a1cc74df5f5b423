//! Revocation (RFC 7009).

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use contracts::{AccountId, SessionId};
use identity::Bearer;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::client;
use super::refresh::GRACE;
use super::refusal::{OAuthError, Refusal};
use crate::refresh_token::Presented;
use crate::routes::tokens::FIRST_PARTY;
use crate::sign_in::open_secret;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::sessions;
use crate::{Auth, State as Inner};

/// The form of RFC 7009 and of RFC 7662. Which kind of token it is shows in the token, so a hint is not needed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenForm {
    pub(super) token: String,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
}

/// What is known of a token that is one of ours.
struct Found {
    session: SessionId,
    /// Nobody's, where an app has it for itself.
    account: Option<AccountId>,
    client_id: String,
}

/// Revoke a token: the session that it is of ends, on every service within a second.
///
/// What is no token, or no longer one, is answered alike.
#[utoipa::path(post, path = "/oauth/revoke", tag = "oauth",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), (status = 400, body = OAuthError), (status = 401, body = OAuthError)))]
pub(crate) async fn revoke(
    State(Auth(auth)): State<Auth>,
    source: Source,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Result<StatusCode, Refusal> {
    let Ok(Form(form)) = form else {
        return Err(Refusal::new("invalid_request", "send the token as application/x-www-form-urlencoded"));
    };
    let app = client::identify(&auth, &headers, form.client_id.as_deref(), form.client_secret.as_deref()).await?;
    let Some(found) = find(&auth, &form.token).await? else { return Ok(StatusCode::OK) };
    if found.client_id != app.map_or_else(|| FIRST_PARTY.to_owned(), |app| app.client_id) {
        return Err(Refusal::new("unauthorized_client", "this token was given to another app"));
    }
    let mut tx = auth.pool.begin().await?;
    if sessions::end(&mut tx, found.session).await? {
        let details = json!({ "session": found.session, "client_id": found.client_id });
        security_events::insert(&mut tx, Kind::TokenRevoked, found.account, Some(&source), details).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::OK)
}

/// Which session it is of, if this is a refresh or access token that was issued here.
async fn find(auth: &Inner, token: &str) -> serving::Result<Option<Found>> {
    let Some(presented) = Presented::parse(token) else {
        let bearer = auth.identity.verify(token).await.ok();
        return Ok(bearer.map(|bearer| {
            let account = if let Bearer::Person(claims) = &bearer { Some(claims.sub) } else { None };
            Found { session: bearer.session(), account, client_id: bearer.client_id().to_owned() }
        }));
    };
    let mut tx = auth.pool.begin().await?;
    let Some(session) = sessions::lock(&mut tx, presented.session, GRACE).await? else { return Ok(None) };
    let Some(secret) = open_secret(auth, &session.secret) else { return Ok(None) };
    let client_id = session.client_id.unwrap_or_else(|| FIRST_PARTY.to_owned());
    Ok(presented.verify(&secret).then_some(Found { session: presented.session, account: Some(session.account), client_id }))
}
