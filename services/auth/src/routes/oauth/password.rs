//! `grant_type=password`: an old client that asks for the password itself. Only where an operator has turned it on; OAuth
//! 2.1 has done away with it.

use contracts::{Scope, Scopes};

use super::refusal::Refusal;
use super::token::{TokenRequest, asked};
use crate::routes::tokens::{self, Holder, Tokens, grantable};
use crate::sign_in::{self, Attempt, Opened, Proved};
use crate::source::Source;
use crate::store::apps::{self, App};
use crate::store::consents;
use crate::store::sign_ins::{self, Begun};
use crate::{State, metrics};

/// Signs somebody in and makes the session the app's. Giving it the password is consent.
pub(super) async fn sign_in(auth: &State, app: App, source: Source, request: TokenRequest) -> Result<Tokens, Refusal> {
    if !app.may("password") {
        return Err(Refusal::new("unauthorized_client", "register with the grant type password"));
    }
    let (Some(handle), Some(password)) = (request.username, request.password) else {
        return Err(Refusal::new("invalid_request", "send username and password"));
    };
    let most = Scopes::known(&app.scope);
    let wanted = asked(request.scope.as_deref(), most, most)?;
    let attempt = Attempt { handle: &handle, password, device: None, source };
    let proved = sign_in::prove(auth, attempt).await.map_err(|problem| match problem.status().as_u16() {
        401 => Refusal::new("invalid_grant", problem.detail()),
        _ => problem.into(),
    })?;
    let Proved::Enough(mut proof) = proved else {
        return Err(Refusal::new("invalid_grant", "this account has a second factor; send the person to /oauth/authorize"));
    };
    proof.settle(auth).await?;
    let mut tx = auth.pool.begin().await?;
    // An app is no device: none is kept, and none of theirs makes room for it.
    let Opened { begun, secret } = sign_in::open(auth, &mut tx, &proof, None, None, None).await?;
    sign_ins::make_room(&mut tx, &begun, None).await?;
    let Begun { account, session, .. } = begun;
    let granted = match app.may("refresh_token") {
        true => grantable(wanted, &account.roles),
        false => grantable(wanted, &account.roles).without(Scope::OfflineAccess),
    };
    if granted.is_empty() {
        return Err(Refusal::new("invalid_scope", "nothing of this can be granted"));
    }
    consents::allow(&mut tx, account.id, &app.client_id, granted).await?;
    apps::adopt_session(&mut tx, session, &app, &granted.to_string()).await?;
    apps::used(&mut tx, &app.client_id).await?;
    tx.commit().await?;
    metrics::signed_in(true);
    let (handle, roles, client_id) = (account.handle, account.roles, Some(app.client_id));
    let holder = Holder { account: account.id, handle, roles, session, client_id, granted, ends: None };
    Ok(tokens::issue(auth, &holder, &secret, 0).await?)
}
