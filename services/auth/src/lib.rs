//! Accounts, sign-in and tokens.
//!
//! Owns the handle, the password, the sessions and the keys that sign access tokens. Calls nobody. The other services
//! fetch the public keys from `/.well-known/jwks.json` and read `auth.revocations`; nothing else of it is theirs.

mod config;
mod handle;
mod keyring;
mod password;
mod refresh_token;
mod routes;
mod sealed;
mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use identity::{Identity, Keyset};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use config::AuthConfig;
pub use sealed::{InvalidKeyEncryptionKey, KeyEncryptionKey};

use keyring::Keyring;
use password::Hasher;

/// The tables of the schema `auth`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service.
#[derive(Clone)]
pub struct Auth(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    issuer: String,
    hasher: Hasher,
    keyring: Keyring,
    sealing: KeyEncryptionKey,
}

impl Auth {
    /// The service on its database. `keyset` is the one that `identity` verifies with: auth fills it itself.
    pub fn new(
        config: &AuthConfig,
        pool: PgPool,
        issuer: String,
        identity: Identity,
        keyset: Keyset,
    ) -> Result<Self, InvalidKeyEncryptionKey> {
        let sealing = KeyEncryptionKey::parse(&config.key_encryption_key)?;
        let keyring = Keyring::new(pool.clone(), sealing.clone(), keyset);
        let hasher = Hasher::new(config.password_hashes_at_once, config.password_hashes_waiting);
        Ok(Self(Arc::new(State { pool, identity, issuer, hasher, keyring, sealing })))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        documented().with_state(self.clone()).split_for_parts().0
    }

    /// Nothing of auth is internal: what others need of it is public or in the table of revocations.
    pub fn private(&self) -> Router {
        Router::new()
    }

    /// Keeps the keys and clears away what has expired, until dropped.
    pub async fn background(self) {
        tokio::join!(self.0.keyring.clone().run(), self.clean_up());
    }

    async fn clean_up(&self) {
        loop {
            if let Err(error) = store::sessions::delete_expired(&self.0.pool).await {
                tracing::warn!(%error, "failed to delete expired sessions; trying again later");
            }
            if let Err(error) = serving::purge_idempotency_keys(&self.0.pool).await {
                tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    }
}

/// The OpenAPI document of the public routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<Auth> {
    OpenApiRouter::new()
        .routes(routes!(routes::accounts::create))
        .routes(routes!(routes::accounts::me))
        .routes(routes!(routes::sessions::create))
        .routes(routes!(routes::sessions::end_current))
        .routes(routes!(routes::oauth::token))
        .routes(routes!(routes::well_known::jwks))
}

impl FromRef<Auth> for Identity {
    fn from_ref(auth: &Auth) -> Self {
        auth.0.identity.clone()
    }
}
