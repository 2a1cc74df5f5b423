//! Passkeys (WebAuthn, level 3): what an authenticator is asked, and whether its answer is right.
//!
//! The rules are those of the crate `webauthn_rp`. It was taken because what it brings along are a few dozen released
//! crates without C (the other well-known one brings more than twice as many, among them release candidates, argon2 and
//! x509), because its types allow no ceremony to be answered twice or half checked, and because it asks for what we want
//! by default: a credential that the authenticator finds by itself, and a person whom the authenticator has verified by a
//! PIN or a finger. So a passkey is two factors in one, and good alone as well as after a password.
//!
//! Attestation is not asked for: who made somebody's authenticator is not our business.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use serving::{Problem, Result};
use url::{Host, Url};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId, TimedCeremony};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId, SentChallenge};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

/// A public key as it is stored.
type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// For whom passkeys are good: this host, at this origin.
pub(crate) struct Platform {
    id: RpId,
    origin: String,
}

/// What an authenticator is asked.
pub(crate) struct Asked {
    pub(crate) challenge_hash: Vec<u8>,
    /// What its answer is checked against.
    pub(crate) state: Vec<u8>,
    /// For the browser.
    pub(crate) options: Value,
}

/// A passkey that there is already.
pub(crate) struct Known {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) transports: i16,
}

/// A passkey that was made just now.
pub(crate) struct Registered {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) state: Vec<u8>,
    pub(crate) transports: i16,
}

/// What is stored of a passkey.
pub(crate) struct Stored {
    pub(crate) user: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) state: Vec<u8>,
}

/// An answer that proves nothing. Why, is in the log.
#[derive(Debug)]
pub(crate) struct Refused;

fn refused(why: impl std::fmt::Display) -> Refused {
    tracing::info!(event.name = "passkey.refused", %why, "refused the answer of an authenticator");
    Refused
}

/// The answer of a browser, as its `PublicKeyCredential.toJSON()` writes it.
pub(crate) struct Answer(DiscoverableAuthentication16);

impl Answer {
    pub(crate) fn read(json: &Value) -> Option<Self> {
        DiscoverableAuthentication16::from_json_relaxed(json.to_string().as_bytes()).map_err(refused).ok().map(Self)
    }

    /// What the authenticator calls the passkey.
    pub(crate) fn credential_id(&self) -> Vec<u8> {
        self.0.raw_id().as_ref().to_vec()
    }

    /// Which challenge it says that it answers.
    pub(crate) fn challenge_hash(&self) -> Option<Vec<u8>> {
        self.0.challenge_relaxed().map_err(refused).ok().map(challenge_hash)
    }
}

fn challenge_hash(challenge: SentChallenge) -> Vec<u8> {
    digest(&SHA256, &challenge.0.to_be_bytes()).as_ref().to_vec()
}

fn user(bytes: &[u8]) -> Result<UserHandle16> {
    let bytes: [u8; 16] = bytes.try_into().map_err(Problem::internal)?;
    let Ok(user) = UserHandle16::decode(bytes);
    Ok(user)
}

impl Platform {
    /// 409 where the platform has no name: authenticators keep passkeys for names and not for addresses.
    pub(crate) fn of(issuer: &str) -> Result<Self> {
        let url = Url::parse(issuer).map_err(Problem::internal)?;
        let Some(Host::Domain(name)) = url.host() else {
            let detail = "Passkeys need a platform that has a name, and this one is reached by an address. Use an authenticator app.";
            return Err(Problem::conflict("passkeys-need-a-name", detail));
        };
        let id = AsciiDomain::try_from(name.to_owned()).map_err(Problem::internal)?;
        Ok(Self { id: RpId::Domain(id), origin: url.origin().ascii_serialization() })
    }

    /// Asks for a new passkey.
    pub(crate) fn ask_to_register(&self, handle: &str, user_id: &[u8], known: Vec<Known>) -> Result<Asked> {
        let id = user(user_id)?;
        let name = Username::try_from(handle).map_err(Problem::internal)?;
        let mut others = Vec::with_capacity(known.len());
        for Known { credential_id, transports } in known {
            let id = CredentialId::<Vec<u8>>::decode(credential_id).map_err(Problem::internal)?;
            let transports = u8::try_from(transports).map_err(Problem::internal)?;
            let transports = AuthTransports::decode(transports).map_err(Problem::internal)?;
            others.push(PublicKeyCredentialDescriptor { id, transports });
        }
        let entity = PublicKeyCredentialUserEntity { name, id: &id, display_name: None };
        let options = PublicKeyCredentialCreationOptions::passkey(&self.id, entity, others);
        let (state, client) = options.start_ceremony().map_err(Problem::internal)?;
        Ok(Asked {
            challenge_hash: challenge_hash(state.sent_challenge()),
            state: state.encode().map_err(Problem::internal)?,
            options: serde_json::to_value(&client).map_err(Problem::internal)?,
        })
    }

    /// Checks the answer to that. `state` is what was kept for its challenge.
    pub(crate) fn register(&self, state: &[u8], answer: &Registration) -> Result<std::result::Result<Registered, Refused>> {
        let state = RegistrationServerState::<16>::decode(state).map_err(Problem::internal)?;
        let origins = [self.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            // Browsers add some of their own accord, and the standard says to bear that.
            error_on_unsolicited_extensions: false,
            ..Default::default()
        };
        let passkey = match state.verify(&self.id, answer, &options) {
            Ok(passkey) => passkey,
            Err(error) => return Ok(Err(refused(error))),
        };
        let (Ok(public_key), Ok(state), Ok(transports)) =
            (passkey.static_state().encode(), passkey.dynamic_state().encode(), passkey.transports().encode());
        let credential_id = passkey.id().as_ref().to_vec();
        Ok(Ok(Registered { credential_id, public_key, state: state.to_vec(), transports: i16::from(transports) }))
    }

    /// Asks whoever is there to show a passkey.
    pub(crate) fn ask_to_sign_in(&self) -> Result<Asked> {
        let (state, client) = DiscoverableCredentialRequestOptions::passkey(&self.id).start_ceremony().map_err(Problem::internal)?;
        Ok(Asked {
            challenge_hash: challenge_hash(state.sent_challenge()),
            state: state.encode().map_err(Problem::internal)?,
            options: serde_json::to_value(&client).map_err(Problem::internal)?,
        })
    }

    /// Checks the answer to that, and says what is stored of the passkey from now on.
    pub(crate) fn sign_in(&self, state: &[u8], answer: &Answer, stored: &Stored) -> Result<std::result::Result<Vec<u8>, Refused>> {
        let Answer(answer) = answer;
        let state = DiscoverableAuthenticationServerState::decode(state).map_err(Problem::internal)?;
        let user = user(&stored.user)?;
        let public_key = StaticState::<PublicKey>::decode(stored.public_key.as_slice()).map_err(Problem::internal)?;
        let changing: [u8; 7] = stored.state.as_slice().try_into().map_err(Problem::internal)?;
        let changing = DynamicState::decode(changing).map_err(Problem::internal)?;
        let mut passkey = AuthenticatedCredential::new(answer.raw_id(), &user, public_key, changing).map_err(Problem::internal)?;
        let origins = [self.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..Default::default()
        };
        if let Err(error) = state.verify(&self.id, answer, &mut passkey, &options) {
            return Ok(Err(refused(error)));
        }
        let Ok(changing) = passkey.dynamic_state().encode();
        Ok(Ok(changing.to_vec()))
    }
}

/// Reads what a browser answers who was asked to make a passkey, and which challenge it says that it answers.
pub(crate) fn read_registration(json: &Value) -> Option<(Registration, Vec<u8>)> {
    let answer = Registration::from_json_relaxed(json.to_string().as_bytes()).map_err(refused).ok()?;
    let challenge = answer.challenge_relaxed().map_err(refused).ok()?;
    Some((answer, challenge_hash(challenge)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_names_and_not_for_addresses() {
        for (issuer, origin) in [
            ("https://social.example.org", "https://social.example.org"),
            ("https://social.example.org:8443", "https://social.example.org:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(Platform::of(issuer).unwrap().origin, origin);
        }
        for issuer in ["http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(Platform::of(issuer).is_err(), "{issuer}");
        }
    }
}
