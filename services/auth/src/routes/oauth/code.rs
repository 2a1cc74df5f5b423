//! Redeeming a code: from "somebody has allowed it" to a session of the app.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::{Scope, Scopes};
use serde_json::json;
use serving::Problem;

use super::id_token;
use super::refusal::Refusal;
use super::theft::{self, Of, Stolen};
use super::token::TokenRequest;
use crate::routes::tokens::{self, Holder, Tokens};
use crate::sign_in::PURPOSE;
use crate::source::Source;
use crate::store::apps::{self, App};
use crate::store::security_events::{self, Kind};
use crate::store::{codes, consents};
use crate::{State, told_once};

/// Minutes that an app's session lasts if it cannot be refreshed: as long as its one access token, and a little.
const WITHOUT_REFRESH: i32 = 15;

fn refused(text: &'static str) -> Refusal {
    Refusal::new("invalid_grant", text)
}

/// Is this what the challenge was made of (RFC 7636, section 4.6, `S256`)?
fn proves(verifier: &str, challenge: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(allowed)
        && verify_slices_are_equal(hash.as_bytes(), challenge.as_bytes()).is_ok()
}

/// Makes the session that a code stands for, once.
pub(super) async fn redeem(auth: &State, app: App, source: Source, request: TokenRequest) -> Result<Tokens, Refusal> {
    let (Some(code), Some(verifier)) = (&request.code, &request.code_verifier) else {
        return Err(Refusal::new("invalid_request", "send the code and the code_verifier that its challenge was made of"));
    };
    let hash = told_once::hash(code);
    let mut tx = auth.pool.begin().await?;
    let unknown = "this code is not known, or no longer; send the person to /oauth/authorize again";
    let found = codes::lock(&mut tx, &hash).await?.filter(|found| found.client_id == app.client_id).ok_or_else(|| refused(unknown))?;
    if let Some(session) = found.session {
        let of = Of { session, account: found.account, client_id: Some(&app.client_id) };
        theft::end(auth, &mut tx, Stolen::Code, of, &source).await?;
        tx.commit().await?;
        tracing::warn!(event.name = "code.reused", client = app.client_id, "an authorization code was used twice; what it gave was ended");
        return Err(refused("this code was used before; what it gave was ended, send the person to /oauth/authorize again"));
    }
    if !found.alive {
        return Err(refused(unknown));
    }
    if request.redirect_uri.as_ref().is_some_and(|uri| *uri != found.redirect_uri) {
        return Err(refused("the code was sent to another redirect_uri"));
    }
    if !proves(verifier, &found.challenge) {
        return Err(refused("the code_verifier is not what the code_challenge was made of"));
    }
    let granted = Scopes::known(&found.scope);
    if !consents::hold(&mut tx, found.account, &app.client_id, granted).await? {
        return Err(refused("the person has taken the consent back"));
    }
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
    let minutes = if granted.contains(Scope::OfflineAccess) { auth.session_minutes() } else { WITHOUT_REFRESH };
    let sealed = auth.sealing.seal(PURPOSE, &secret);
    let session = apps::insert_session(&mut tx, found.account, found.granted_in, &app, &found.scope, &sealed, minutes).await?;
    codes::redeemed(&mut tx, &hash, session).await?;
    let details = json!({ "session": session, "client_id": app.client_id });
    security_events::insert(&mut tx, Kind::AppSignedIn, Some(found.account), Some(&source), details).await?;
    tx.commit().await?;

    let (account, handle, roles) = (found.account, found.handle, found.roles);
    let id_token = match granted.contains(Scope::OpenId) {
        true => Some(id_token::sign(auth, account, &handle, &app, granted, found.signed_in_at, found.nonce).await?),
        false => None,
    };
    let holder = Holder { account, handle, roles, session, client_id: Some(app.client_id), granted, ends: None };
    Ok(tokens::issue(auth, &holder, &secret, 0).await?.with_id_token(id_token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_proves_itself_and_nothing_else_does() {
        let (verifier, challenge) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(proves(verifier, challenge));
        for (verifier, challenge) in
            [(challenge, challenge), (&verifier[1..], challenge), ("", ""), (verifier, verifier), (verifier, &challenge[1..])]
        {
            assert!(!proves(verifier, challenge), "{verifier} {challenge}");
        }
    }
}
