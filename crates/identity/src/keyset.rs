//! Auth's published keys, kept.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use contracts::client::AuthClient;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use tracing::Instrument;

use crate::TokenError;

/// How often a key that is not known makes us ask auth: a flood of forged tokens must not become a flood of calls.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often auth is asked while no key is known at all: nobody who is signed in comes in until it answers.
const ASK_FIRST: Duration = Duration::from_secs(1);
/// How long a new process waits for the keys before it takes requests. Without auth, visitors still see what everybody sees.
const PATIENCE: Duration = Duration::from_secs(10);
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
    auth: Option<Auth>,
    /// For a key that was not known.
    asked: Arc<tokio::sync::Mutex<Option<Asked>>>,
}

struct Auth {
    client: AuthClient,
    /// Since when it could be asked.
    since: Instant,
}

struct Asked {
    at: Instant,
    /// Did auth say which keys there are?
    answered: bool,
}

impl Keyset {
    /// Keys that are fetched from auth when they are needed.
    pub fn fetched(auth: AuthClient) -> Self {
        Self(Arc::new(Inner { auth: Some(Auth { client: auth, since: Instant::now() }), ..Inner::default() }))
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

    /// Can a token be verified: are there keys, or have they been asked for in vain for so long that nobody should wait for them?
    pub(crate) fn can_verify(&self) -> bool {
        !self.is_empty() || self.0.auth.as_ref().is_some_and(|auth| auth.since.elapsed() > PATIENCE)
    }

    fn is_empty(&self) -> bool {
        self.0.keys.read().expect("no holder panics").is_empty()
    }

    /// The key of exactly this id, asking auth if it is not known yet.
    ///
    /// # Errors
    /// `UnknownKey` if auth does not know it either; `KeysUnavailable` if auth did not say which there are, so that the token may be good.
    pub(crate) async fn find(&self, kid: &str) -> Result<Arc<DecodingKey>, TokenError> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let Some(auth) = &self.0.auth else {
            // Auth itself, before it has loaded them.
            return Err(if self.is_empty() { TokenError::KeysUnavailable } else { TokenError::UnknownKey });
        };
        // Not for as long as auth may keep silent: who waits takes the place of visitors, for whom there is something to see.
        let waiting = tokio::time::timeout(ASK_FIRST, self.0.asked.clone().lock_owned());
        let mut asked = waiting.await.map_err(|_| TokenError::KeysUnavailable)?;
        // Whoever held the lock before may have fetched it.
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let again = if self.is_empty() { ASK_FIRST } else { ASK_AGAIN };
        let recent = asked.as_ref().filter(|last| last.at.elapsed() <= again);
        let answered = match recent.map(|last| last.answered) {
            Some(answered) => answered,
            None => {
                // Whoever asks may hang up: what is under way is for all, and counts in any case.
                let (keyset, auth) = (self.clone(), auth.client.clone());
                let fetching = async move {
                    let answered = keyset.fetch(&auth).await;
                    *asked = Some(Asked { at: Instant::now(), answered });
                    answered
                };
                tokio::spawn(fetching.in_current_span()).await.unwrap_or(false)
            }
        };
        self.known(kid).ok_or(if answered { TokenError::UnknownKey } else { TokenError::KeysUnavailable })
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

    /// Fetches the keys, and again after `refresh`, or after `retry` where that has failed; sooner while there are none.
    pub(crate) async fn keep_fetching(self, refresh: Duration, retry: Duration) {
        let Some(auth) = &self.0.auth else { return };
        loop {
            let wait = match self.fetch(&auth.client).await {
                true => refresh,
                false if self.is_empty() && auth.since.elapsed() < PATIENCE => retry.min(ASK_FIRST),
                false => retry,
            };
            tokio::time::sleep(wait).await;
        }
    }
}
