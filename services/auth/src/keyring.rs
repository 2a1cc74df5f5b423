//! The keys that sign access tokens: made when there is none, kept sealed, read again and again so that all replicas
//! sign with the newest and publish all.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::{ACCESS_TOKEN_TYPE, AccessClaims, Keyset};
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use serving::Problem;
use sqlx::PgPool;

use crate::sealed::KeyEncryptionKey;
use crate::store::signing_keys::{self, SealedKey};

const PURPOSE: &str = "signing key";
const REFRESH: Duration = Duration::from_secs(30);

/// Signs, and publishes.
#[derive(Clone)]
pub(crate) struct Keyring {
    pool: PgPool,
    sealing: KeyEncryptionKey,
    keyset: Keyset,
    current: Arc<RwLock<Option<Current>>>,
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
    pub(crate) fn new(pool: PgPool, sealing: KeyEncryptionKey, keyset: Keyset) -> Self {
        Self { pool, sealing, keyset, current: Arc::default() }
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

    /// Signs an access token.
    pub(crate) async fn sign(&self, claims: &AccessClaims) -> Result<String, Problem> {
        let (kid, key) = self.with_current(|current| (current.kid.clone(), current.key.clone())).await?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(ACCESS_TOKEN_TYPE.to_owned());
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
        let mut stored = signing_keys::all(&self.pool).await?;
        if stored.is_empty() {
            let random = SystemRandom::new();
            let document = Ed25519KeyPair::generate_pkcs8v1(&random).map_err(|error| Problem::internal(error.to_string()))?;
            let pair =
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(document.as_ref()).map_err(|error| Problem::internal(error.to_string()))?;
            let public_key = pair.public_key().as_ref().to_vec();
            let (kid, _) = jwk(&public_key)?;
            let made = SealedKey { kid, private_key: self.sealing.seal(PURPOSE, document.as_ref()), public_key };
            signing_keys::insert_first(&self.pool, &made).await?;
            stored = signing_keys::all(&self.pool).await?;
        }
        let mut keys = Vec::new();
        for key in &stored {
            keys.push(jwk(&key.public_key)?.1);
        }
        let newest = stored.first().ok_or_else(|| Problem::internal("no signing key after making one"))?;
        let private = self.sealing.open(PURPOSE, &newest.private_key).map_err(Problem::internal)?;
        let published = JwkSet { keys };
        self.keyset.set(&published);
        let current = Current { kid: newest.kid.clone(), key: Arc::new(EncodingKey::from_ed_der(&private)), published };
        *self.current.write().expect("no holder panics") = Some(current);
        Ok(())
    }
}
