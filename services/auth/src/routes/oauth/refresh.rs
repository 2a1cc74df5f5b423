//! Refreshing: the next pair of tokens of a session.

use contracts::{Scope, Scopes};

use super::refusal::Refusal;
use super::theft::{self, Of, Stolen};
use super::token::{TokenRequest, asked};
use crate::refresh_token::Presented;
use crate::routes::tokens::{self, Holder, Tokens};
use crate::sign_in::open_secret;
use crate::source::Source;
use crate::store::apps::App;
use crate::store::sessions;
use crate::{State, metrics};

/// Seconds in which the immediate predecessor of a token is taken again, with the same successor: the answer may have
/// been lost on its way, and two tabs may refresh at once.
pub(super) const GRACE: f64 = 10.0;

fn ended() -> Refusal {
    Refusal::new("invalid_grant", "the session has ended; sign in again")
}

/// The next generation of the session whose refresh token is presented by the app that it was given to.
pub(super) async fn refresh(auth: &State, app: Option<App>, source: Source, request: TokenRequest) -> Result<Tokens, Refusal> {
    let Some(token) = request.refresh_token else {
        return Err(Refusal::new("invalid_request", "send the refresh_token"));
    };
    let Some(presented) = Presented::parse(&token) else {
        return Err(Refusal::new("invalid_grant", "this is no refresh token; sign in again"));
    };
    let mut tx = auth.pool.begin().await?;
    let session = sessions::lock(&mut tx, presented.session, GRACE).await?.ok_or_else(ended)?;
    let secret = open_secret(auth, &session.secret).filter(|secret| session.alive && presented.verify(secret));
    let Some(secret) = secret else {
        metrics::refreshed("refused");
        return Err(ended());
    };
    if session.client_id != app.map(|app| app.client_id) {
        // Whoever holds the app's token without being the app learns nothing and breaks nothing.
        return Err(Refusal::new("invalid_grant", "this refresh token was given to another app"));
    }
    let account = session.account;
    let mut holder = match session.client_id {
        None => Holder::first_party(account, session.handle, session.roles, presented.session),
        Some(client_id) => {
            let granted = Scopes::known(&session.scope);
            Holder {
                account,
                handle: session.handle,
                roles: session.roles,
                session: presented.session,
                client_id: Some(client_id),
                granted,
                ends: None,
            }
        }
    };
    holder.ends = u64::try_from(session.expires_at).ok();
    // Before anything changes: a client that asks for too much may ask again.
    let kept = holder.granted.and(Scopes::of(&[Scope::OfflineAccess]));
    holder.granted = asked(request.scope.as_deref(), holder.granted, holder.granted)?.or(kept);
    let generation = match presented.generation {
        current if current == session.generation => {
            sessions::rotate(&mut tx, presented.session).await?;
            metrics::refreshed("rotated");
            session.generation + 1
        }
        previous if previous == session.generation - 1 && session.in_grace => {
            metrics::refreshed("repeated");
            session.generation
        }
        _ => {
            let of = Of { session: presented.session, account, client_id: holder.client_id.as_deref() };
            theft::end(auth, &mut tx, Stolen::Token, of, &source).await?;
            tx.commit().await?;
            metrics::refreshed("reused");
            tracing::warn!(event.name = "refresh.reused", "a refresh token was used twice; its session was ended");
            return Err(Refusal::new("invalid_grant", "this refresh token was used before; the session was ended, sign in again"));
        }
    };
    tx.commit().await?;
    Ok(tokens::issue(auth, &holder, &secret, generation).await?)
}
