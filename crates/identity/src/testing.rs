//! An issuer for the tests of this crate and others: signs what auth and the services would sign, with keys of its own. Programs do
//! not use it, and linkers leave it out; behind a feature, everything above would be compiled twice, with it and without.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use contracts::{AccountId, Scope, Scopes, Service, SessionId};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serving::Rates;

use crate::{
    ACCESS_TOKEN_TYPE, AccessClaims, Identity, Keyset, MEDIA_AUDIENCE, PhotoGrant, Revocations, ServiceKeys, ServiceSigner, unix_now,
};

/// The `kid` of the issuer's one key.
pub const KID: &str = "test-key";

/// Stands for auth, and for all services' keys.
pub struct Issuer {
    pub(crate) key: EncodingKey,
    pub(crate) published: JwkSet,
    services: HashMap<Service, String>,
    revoked: Arc<Mutex<HashSet<SessionId>>>,
    silent: Arc<AtomicBool>,
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}

impl Issuer {
    /// The issuer's name in tokens.
    pub const URL: &'static str = "http://platform.test";

    /// With new keys.
    pub fn new() -> Self {
        let der = BASE64_STANDARD.decode(ServiceSigner::generate()).expect("base64 of our own");
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).expect("a key of our own");
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        let published = serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KID, "alg": "EdDSA", "use": "sig", "x": x}]});
        Self {
            key: EncodingKey::from_ed_der(&der),
            published: serde_json::from_value(published).expect("a JWKS"),
            services: Service::ALL.into_iter().map(|service| (service, ServiceSigner::generate())).collect(),
            revoked: Arc::default(),
            silent: Arc::default(),
        }
    }

    /// What `service` knows of its callers; nothing is revoked, and rates are out of reach.
    pub fn identity(&self, service: Service, rates: Rates) -> Identity {
        let keyset = Keyset::default();
        keyset.set(&self.published);
        let revocations = Revocations::default();
        revocations.set(HashSet::new(), Instant::now());
        let (fresh, revoked, silent) = (revocations.clone(), self.revoked.clone(), self.silent.clone());
        // Knowledge ages; here there is no table to read it from again.
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(200));
                let age = if silent.load(Ordering::Relaxed) { Duration::from_secs(6) } else { Duration::ZERO };
                let asked = Instant::now().checked_sub(age).expect("the machine has run for seconds");
                fresh.set(revoked.lock().expect("no holder panics").clone(), asked);
            }
        });
        Identity::new(service, Self::URL, keyset, revocations, self.service_keys(), rates)
    }

    /// The public keys of all services.
    pub fn service_keys(&self) -> ServiceKeys {
        let public: HashMap<_, _> = Service::ALL.into_iter().map(|service| (service, [self.signer(service).public_key()])).collect();
        ServiceKeys::parse(&serde_json::to_string(&public).expect("strings")).expect("keys of our own")
    }

    /// Signs as `service`.
    pub fn signer(&self, service: Service) -> ServiceSigner {
        ServiceSigner::parse(service, &self.services[&service]).expect("a key of our own")
    }

    /// A grant that `service` signs whose clock is so many seconds ahead.
    pub fn grant_ahead(&self, service: Service, grant: PhotoGrant, ahead: u64) -> String {
        self.signer(service).grant_from(grant, unix_now() + ahead)
    }

    /// What auth would say of `account` now.
    pub fn claims(&self, account: AccountId) -> AccessClaims {
        let iat = unix_now();
        AccessClaims {
            iss: Self::URL.to_owned(),
            sub: account,
            aud: AccessClaims::audience(Self::URL),
            client_id: "test".to_owned(),
            scope: Scopes::USER.to_string(),
            roles: Vec::new(),
            preferred_username: format!("person_{account}"),
            exp: iat + 600,
            iat,
            jti: account.to_string(),
            sid: SessionId(account.0),
        }
    }

    /// Ends the session that [`token`](Self::token) gives an account: services hear of it as they do of auth.
    pub fn revoke(&self, account: AccountId) {
        self.revoked.lock().expect("no holder panics").insert(SessionId(account.0));
    }

    /// From soon on, services know no more which sessions have ended: what they have heard is too old.
    pub fn fall_silent(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    /// What the media cookie of `account` holds, of the same session as its [`token`](Self::token).
    pub fn media(&self, account: AccountId) -> String {
        let (aud, scope) = (MEDIA_AUDIENCE.to_owned(), Scope::PhotosRead.to_string());
        self.sign(ACCESS_TOKEN_TYPE, &AccessClaims { aud, scope, ..self.claims(account) })
    }

    /// An access token of `account`.
    pub fn token(&self, account: AccountId) -> String {
        self.sign(ACCESS_TOKEN_TYPE, &self.claims(account))
    }

    /// Signs any claims under any type.
    pub fn sign(&self, typ: &str, claims: &impl serde::Serialize) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(KID.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).expect("claims are JSON")
    }
}
