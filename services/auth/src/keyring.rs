//! The keys that sign tokens: made ahead of time, kept sealed, read again and again so that all replicas sign with the
//! same one and publish all.
//!
//! ```text
//!   published ──10 min──► signs ──SIGNING_KEY_LIFE──► its successor signs ──20 min──► forgotten
//! ```
//!
//! Where KEY_ENCRYPTION_KEY was replaced, no key opens any more: one is made that signs at once, and the others stay
//! published for the tokens that they have signed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::Keyset;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;
use serving::Problem;
use sqlx::PgPool;

use crate::sealed::KeyEncryptionKey;
use crate::store::signing_keys::{self, Known, SealedKey};

const PURPOSE: &str = "signing key";
/// How soon a replica follows what another one did.
const REFRESH: Duration = Duration::from_secs(5);

/// Signs, and publishes.
#[derive(Clone)]
pub(crate) struct Keyring {
    pool: PgPool,
    sealing: KeyEncryptionKey,
    keyset: Keyset,
    /// Seconds that a key signs.
    life: f64,
    current: Arc<RwLock<Option<Current>>>,
    /// Those that do not open, of which the log was told.
    passed_over: Arc<Mutex<HashSet<String>>>,
}

struct Current {
    kid: String,
    key: Arc<EncodingKey>,
    published: JwkSet,
}

/// The public half as a JWK. Its id is the thumbprint of RFC 7638, so that it depends on nothing but the key.
fn jwk(public: &[u8]) -> Result<(String, Jwk), Problem> {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public);
    let mut jwk: Jwk =
        serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x})).map_err(Problem::internal)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Problem::internal)?;
    jwk.common.key_id = Some(kid.clone());
    Ok((kid, jwk))
}

impl Keyring {
    /// A new key signs every `life` hours.
    pub(crate) fn new(pool: PgPool, sealing: KeyEncryptionKey, keyset: Keyset, life: u32) -> Self {
        Self { pool, sealing, keyset, life: f64::from(life) * 3600.0, current: Arc::default(), passed_over: Arc::default() }
    }

    /// Reads the keys now and then, until dropped.
    pub(crate) async fn run(self) {
        loop {
            let wait = match self.load().await {
                Ok(()) => REFRESH,
                Err(_) => Duration::from_secs(1),
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Signs claims as a token of the type `typ`.
    pub(crate) async fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Problem> {
        let (kid, key) = self.with_current(|current| (current.kid.clone(), current.key.clone())).await?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(kid);
        jsonwebtoken::encode(&header, claims, &key).map_err(Problem::internal)
    }

    /// The public keys.
    pub(crate) async fn published(&self) -> Result<JwkSet, Problem> {
        self.with_current(|current| current.published.clone()).await
    }

    async fn with_current<T>(&self, read: impl Fn(&Current) -> T) -> Result<T, Problem> {
        if let Some(value) = self.current.read().expect("no holder panics").as_ref().map(&read) {
            return Ok(value);
        }
        // The first request after a start may be earlier than the background loop.
        self.load().await?;
        let current = self.current.read().expect("no holder panics");
        current.as_ref().map(&read).ok_or_else(|| Problem::internal("no signing key after loading"))
    }

    async fn load(&self) -> Result<(), Problem> {
        if signing_keys::is_due(&self.pool, self.life).await? {
            signing_keys::insert_next(&self.pool, &self.make()?, self.life).await?;
        }
        signing_keys::delete_retired(&self.pool).await?;
        let mut stored = signing_keys::all(&self.pool).await?;
        let mut signing = self.signing(&stored);
        if signing.is_none() {
            signing_keys::insert_at_once(&self.pool, &self.make()?, &stored).await?;
            stored = signing_keys::all(&self.pool).await?;
            signing = self.signing(&stored);
        }
        let (kid, key) = signing.ok_or_else(|| Problem::internal("no signing key after making one"))?;
        let keys = stored.iter().map(|key| Ok(jwk(&key.public_key)?.1)).collect::<Result<_, Problem>>()?;
        let published = JwkSet { keys };
        self.keyset.set(&published);
        *self.current.write().expect("no holder panics") = Some(Current { kid, key, published });
        Ok(())
    }

    /// The newest key that signs and opens. It is opened once.
    fn signing(&self, stored: &[Known]) -> Option<(String, Arc<EncodingKey>)> {
        let current = self.current.read().expect("no holder panics").as_ref().map(|current| (current.kid.clone(), current.key.clone()));
        stored.iter().filter(|known| known.signs).find_map(|known| match &current {
            Some((kid, key)) if *kid == known.kid => Some((kid.clone(), key.clone())),
            _ => match self.sealing.open(PURPOSE, &known.private_key) {
                Ok(private) => {
                    tracing::info!(event.name = "signing_key.changed", kid = known.kid, "a signing key has taken over");
                    Some((known.kid.clone(), Arc::new(EncodingKey::from_ed_der(&private))))
                }
                Err(error) => {
                    // It is tried again every few seconds until it is forgotten.
                    if self.passed_over.lock().expect("no holder panics").insert(known.kid.clone()) {
                        tracing::error!(event.name = "signing_key.sealed", kid = known.kid, %error, "passed over a signing key");
                    }
                    None
                }
            },
        })
    }

    fn make(&self) -> Result<SealedKey, Problem> {
        let failed = |error: &dyn std::fmt::Display| Problem::internal(error.to_string());
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|error| failed(&error))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document.as_ref()).map_err(|error| failed(&error))?;
        let public_key = pair.public_key().as_ref().to_vec();
        let (kid, _) = jwk(&public_key)?;
        Ok(SealedKey { kid, private_key: self.sealing.seal(PURPOSE, document.as_ref()), public_key })
    }
}
