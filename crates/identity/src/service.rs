//! Services trust each other by keys, never by the network alone.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use contracts::Service;
use contracts::client::TokenSource;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{TokenError, rules, unix_now};

/// Seconds that a service token is good for.
pub(crate) const LIFE: u64 = 60;
pub(crate) const TYPE: &str = "service+jwt";

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {0}")]
pub struct InvalidKey(&'static str);

/// Signs as one service.
#[derive(Clone)]
pub struct ServiceSigner {
    service: Service,
    key: Arc<EncodingKey>,
    public: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: Service,
    aud: Service,
    iat: u64,
    exp: u64,
}

impl ServiceSigner {
    /// Reads the `SERVICE_KEY`: PKCS#8 version 1 of an Ed25519 key, in base64.
    pub fn parse(service: Service, key: &str) -> Result<Self, InvalidKey> {
        let invalid = InvalidKey("SERVICE_KEY: it must be base64 of an Ed25519 key in PKCS#8 version 1 (DER)");
        let Ok(der) = BASE64_STANDARD.decode(key.trim()) else { return Err(invalid) };
        let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) else { return Err(invalid) };
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self { service, key: Arc::new(EncodingKey::from_ed_der(&der)), public })
    }

    /// A new `SERVICE_KEY`.
    pub fn generate() -> String {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8v1(&random).expect("the system gives random numbers");
        BASE64_STANDARD.encode(document.as_ref())
    }

    /// The public half, as it stands in `SERVICE_KEYS`.
    pub fn public_key(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.public)
    }

    /// Tokens for calls to `callee`.
    pub fn tokens_for(&self, callee: Service) -> TokenSource {
        let signer = self.clone();
        Arc::new(move || {
            let iat = unix_now();
            signer.sign(TYPE, &Claims { iss: signer.service, aud: callee, iat, exp: iat + LIFE })
        })
    }

    pub(crate) fn service(&self) -> Service {
        self.service
    }

    pub(crate) fn sign(&self, typ: &str, claims: &impl Serialize) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).expect("the key was read and the claims are JSON")
    }
}

/// The public keys of all services: the current one and the one before.
#[derive(Clone, Default)]
pub struct ServiceKeys(Arc<HashMap<Service, Vec<DecodingKey>>>);

impl ServiceKeys {
    /// Reads the `SERVICE_KEYS`: JSON of service → list of public keys in base64url.
    pub fn parse(json: &str) -> Result<Self, InvalidKey> {
        let invalid = |_| InvalidKey("SERVICE_KEYS: it must be JSON such as {\"auth\":[\"<base64url of 32 bytes>\"]}");
        let listed: HashMap<Service, Vec<String>> = serde_json::from_str(json).map_err(invalid)?;
        let keys = listed.into_iter().map(|(service, keys)| {
            let keys: Result<_, _> = keys.iter().map(|key| DecodingKey::from_ed_components(key)).collect();
            keys.map(|keys| (service, keys)).map_err(|_| InvalidKey("SERVICE_KEYS: one of them is no Ed25519 key"))
        });
        keys.collect::<Result<_, _>>().map(|keys| Self(Arc::new(keys)))
    }

    /// Who signed this service token for `callee`?
    pub(crate) fn caller(&self, token: &str, callee: Service) -> Result<Service, TokenError> {
        let claims: Claims = self.verify(token, TYPE, callee, LIFE)?;
        Ok(claims.iss)
    }

    /// Verifies a token of type `typ` that some service issued for `callee`, for `life` seconds at the most.
    pub(crate) fn verify<C: DeserializeOwned>(&self, token: &str, typ: &str, callee: Service, life: u64) -> Result<C, TokenError> {
        #[derive(Deserialize)]
        struct Issued {
            iss: Service,
            iat: u64,
            exp: u64,
        }
        let header = jsonwebtoken::decode_header(token)?;
        if header.typ.as_deref() != Some(typ) {
            return Err(TokenError::WrongType);
        }
        // Read before it is verified, only to pick whose keys to try; the claims that count are verified below.
        let issued: Issued = jsonwebtoken::dangerous::insecure_decode_claims(token)?;
        if issued.exp.saturating_sub(issued.iat) > life {
            return Err(TokenError::WrongType);
        }
        let rules = rules(issued.iss.name(), callee.name(), &["exp", "iss", "aud"]);
        let keys = self.0.get(&issued.iss).ok_or(TokenError::UnknownKey)?;
        let verified = keys.iter().find_map(|key| jsonwebtoken::decode::<C>(token, key, &rules).ok());
        verified.map(|token| token.claims).ok_or(TokenError::UnknownKey)
    }
}
