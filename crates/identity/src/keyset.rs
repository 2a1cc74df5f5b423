//! Auth's published keys, kept.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use contracts::client::AuthClient;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};

/// How often a key that is not known makes us ask auth: a flood of forged tokens must not become a flood of calls.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often keys are fetched without need, so that a retired one is forgotten.
const REFRESH: Duration = Duration::from_secs(300);
/// How soon they are fetched again where that has failed: the alert ServiceCallsFail wants five failures within a quarter of an
/// hour, and while everybody's key is known, there are no others.
const RETRY: Duration = Duration::from_secs(20);

/// The keys with which access tokens are verified, by `kid`.
#[derive(Clone, Default)]
pub struct Keyset(Arc<Inner>);

#[derive(Default)]
struct Inner {
    keys: RwLock<HashMap<String, Arc<DecodingKey>>>,
    auth: Option<AuthClient>,
    asked: tokio::sync::Mutex<Option<Instant>>,
}

impl Keyset {
    /// Keys that are fetched from auth when they are needed.
    pub fn fetched(auth: AuthClient) -> Self {
        Self(Arc::new(Inner { auth: Some(auth), ..Inner::default() }))
    }

    /// Replaces all keys: auth itself has them at hand. Anything but Ed25519 signing keys is left out.
    pub fn set(&self, published: &JwkSet) {
        let usable = published.keys.iter().filter_map(|jwk| match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                Some((jwk.common.key_id.clone()?, Arc::new(DecodingKey::from_ed_components(&pair.x).ok()?)))
            }
            _ => None,
        });
        *self.0.keys.write().expect("no holder panics") = usable.collect();
    }

    /// Can a token be verified: are there keys, or somebody to ask for them?
    pub(crate) fn can_verify(&self) -> bool {
        self.0.auth.is_some() || !self.0.keys.read().expect("no holder panics").is_empty()
    }

    /// The key of exactly this id, asking auth if it is not known yet.
    pub(crate) async fn find(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        if let Some(key) = self.known(kid) {
            return Some(key);
        }
        let auth = self.0.auth.as_ref()?;
        let mut asked = self.0.asked.lock().await;
        // Whoever held the lock before may have fetched it.
        if let Some(key) = self.known(kid) {
            return Some(key);
        }
        if asked.is_none_or(|at| at.elapsed() > ASK_AGAIN) {
            *asked = Some(Instant::now());
            self.fetch(auth).await;
        }
        self.known(kid)
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.0.keys.read().expect("no holder panics").get(kid).cloned()
    }

    /// Fetches all keys; `false` if that has failed.
    async fn fetch(&self, auth: &AuthClient) -> bool {
        let published = match auth.jwks().await {
            Ok(json) => serde_json::from_slice::<JwkSet>(&json).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match &published {
            Ok(published) => self.set(published),
            Err(error) => tracing::warn!(error, "failed to fetch auth's keys; the known ones stay"),
        }
        published.is_ok()
    }

    /// Fetches the keys now and then, until dropped.
    pub async fn run(self) {
        self.keep_fetching(REFRESH, RETRY).await;
    }

    /// Fetches the keys, and again after `refresh`, or after `retry` where that has failed.
    pub(crate) async fn keep_fetching(self, refresh: Duration, retry: Duration) {
        let Some(auth) = self.0.auth.clone() else { return };
        loop {
            let wait = if self.fetch(&auth).await { refresh } else { retry };
            tokio::time::sleep(wait).await;
        }
    }
}
